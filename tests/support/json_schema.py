# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""As much of JSON Schema as the schemas here use: type, required, properties, additionalProperties, items, minItems, enum, pattern."""
import re

TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool}


def problems(value, schema, place="document"):
    """What is wrong with a value, one text a problem."""
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: {value!r} is none of {schema['enum']}"]
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return [f"{place}: {value!r} is no {schema['type']}"]
    found = []
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{place}: {value!r} does not match {schema['pattern']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{place}: has no {name}" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{place}: unknown {name}" for name in value if name not in known]
        for name in value.keys() & known.keys():
            found += problems(value[name], known[name], f"{place}.{name}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{place}: has {len(value)} items")
        for number, item in enumerate(value):
            found += problems(item, schema.get("items", {}), f"{place}[{number}]")
    return found
