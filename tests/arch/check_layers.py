#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Holds the architecture: who may include whom, where third-party headers may be, and how large things may grow.

usage: check_layers.py [--report] [ROOT]

Prints one line for each violation and exits 1 if there is any. --report adds the sizes that are over the aim but within the limit.
"""

import argparse
import fnmatch
import os
import re
import statistics
import sys

# What each layer may include besides itself. `cli` may include all.
LAYERS = {
    "support": "",
    "yaml": "support",
    "archive": "support",
    "fetch": "support",
    "sandbox": "support archive",
    "apk": "support archive",
    "recipe": "support yaml apk",
    "repository": "support archive fetch apk",
    "pipeline": "support yaml recipe",
    "rootfs": "support archive apk repository",
    "package": "support archive apk recipe",
    "seed": "support yaml archive apk package",
    "build": "support yaml archive fetch sandbox apk recipe repository pipeline rootfs package",
    "image": "support yaml archive fetch apk repository rootfs",
    "world": "support yaml archive fetch sandbox apk recipe repository pipeline rootfs package build",
}
LAYERS["cli"] = " ".join(LAYERS)
ALLOWED = {layer: {layer, *names.split()} for layer, names in LAYERS.items()}

# The layer of each public header, so that including it counts as including the layer.
PUBLIC = {
    "error": "support", "diagnostic": "support", "source_file": "support", "reporter": "support",
    "sandbox": "sandbox",
    "version": "apk", "dependency": "apk", "package_info": "apk", "package_file": "apk", "index": "apk", "index_table": "apk", "keyring": "apk",
    "recipe": "recipe", "recipe_parts": "recipe",
    "repository": "repository", "resolver": "repository", "explain": "repository",
    "plan": "pipeline",
    "build": "build", "test": "build",
    "image": "image",
    "world": "world",
}

# Third-party headers and the files, below src, that may include them.
CONFINED = [
    (r"^yaml\.h$", ["yaml/node*.cpp"]),
    (r"curl/", ["fetch/http*.cpp", "fetch/http_curl.hpp"]),
    (r"git2(\.h|/)", ["fetch/git*.cpp", "fetch/git_functions.hpp"]),
    (r"archive(_entry)?\.h$", ["archive/extract*.cpp", "archive/extract_functions.hpp"]),
    (r"(libdeflate\.h|zlib\.h|isa-l)", ["archive/gzip_*.cpp", "archive/gzip_functions.hpp"]),
    (r"openssl/", ["apk/keyring*.cpp", "apk/private_key*.cpp", "support/digest.cpp", "support/crypto_*functions.hpp"]),
    (r"re2/", ["recipe/variables.cpp", "recipe/transform.cpp"]),
    (r"spdlog/", ["support/log.cpp"]),
    (r"CLI/", ["cli/*"]),
    (r"nlohmann/", ["*"]),
    (r"fmt/", ["*"]),
]
THIRD_PARTY_IN_PUBLIC = re.compile("|".join(pattern for pattern, _ in CONFINED))

MAX_FUNCTION_LINES = 60
AIM_FUNCTION_LINES = 30
MAX_PARAMETERS = 5
MAX_LINES = {".cpp": 500, ".hpp": 250}
AIM_LINES = {".cpp": 300, ".hpp": 120}
MAX_PROJECT_INCLUDES = 20
README_LINES = (10, 30)
FORBIDDEN_WORDS = {"util", "utils", "helper", "helpers", "manager", "common", "misc"}
SPDX = ("SPDX-FileCopyrightText:", "SPDX-License-Identifier: Apache-2.0")
SOURCE_SUFFIXES = (".cpp", ".hpp", ".py", ".build")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL,
)
NOT_A_FUNCTION = re.compile(
    r"(?:^|[^\w])(?:namespace|class|struct|union|enum|extern|if|for|while|switch|catch|do|else|try|return|case|requires)\b"
)


def blank_out(text):
    """The text with comments and literals replaced by as many spaces, so that offsets and lines stay."""
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def blank_directives(text):
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.MULTILINE)


def matching(text, begin, opening, closing):
    """Offset of the bracket that closes the one at `begin`, or the end."""
    depth = 0
    for at in range(begin, len(text)):
        if text[at] == opening:
            depth += 1
        elif text[at] == closing:
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def parameter_count(parameters):
    """Counts the commas that separate parameters: not those in brackets of any kind."""
    text = parameters.replace("->", "  ").strip()
    if text in ("", "void"):
        return 0
    depth, count = 0, 1
    for letter in text:
        if letter in "(<[{":
            depth += 1
        elif letter in ")>]}":
            depth -= 1
        elif letter == "," and depth <= 0:
            count += 1
    return count


FUNCTION_HEAD = re.compile(r"([~\w:]+|operator\s*[^\s\w(]{1,3}|operator\s*\(\))\s*\(")


def functions(text):
    """Yields (line, name, lines, parameters) of each function with a body. `text` is blanked out."""
    at = 0
    while True:
        opening = text.find("{", at)
        if opening < 0:
            return
        start = max(text.rfind(c, 0, opening) for c in ";{}") + 1
        head = text[start:opening]
        head = re.sub(r"^\s*(?:public|private|protected)\s*:", " ", head)
        found = FUNCTION_HEAD.search(head)
        plain = re.sub(r"template\s*<[^{]*?>\s*(?=[\w\[])", " ", head)
        is_function = found is not None and "=" not in head[: found.start()] and not NOT_A_FUNCTION.search(plain.split("(")[0])
        if not is_function:
            at = opening + 1
            continue
        end = matching(text, opening, "{", "}")
        # Members that are initialised with braces look like a body: the body is the last group before something else.
        while re.match(r"\}\s*(,\s*[\w:<>]+\s*[({]|\{)", text[end:end + 200]):
            following = text.find("{", end)
            if following < 0:
                break
            end = matching(text, following, "{", "}")
        brackets = matching(head, found.end() - 1, "(", ")")
        first_line = text.count("\n", 0, start + found.start()) + 1
        lines = text.count("\n", opening, end) + 1
        yield first_line, found.group(1), lines, parameter_count(head[found.end():brackets])
        at = end + 1


class Checker:
    def __init__(self, root):
        self.root = root
        self.violations = []
        self.remarks = []
        self.function_lines = []

    def fail(self, path, line, text):
        self.violations.append(f"{path}:{line}: {text}")

    def remark(self, path, line, text):
        self.remarks.append(f"{path}:{line}: {text}")

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def files(self, folder):
        for directory, names, files in os.walk(os.path.join(self.root, folder)):
            names[:] = sorted(name for name in names if name not in ("__pycache__", "corpus", "golden"))
            for name in sorted(files):
                yield os.path.relpath(os.path.join(directory, name), self.root)

    def check_all(self):
        for folder in ("include", "src", "tests"):
            for path in self.files(folder):
                self.check_file(path)
        for layer in sorted(self.existing_layers()):
            self.check_readme(layer)
            self.check_meson(layer)

    def existing_layers(self):
        folder = os.path.join(self.root, "src")
        return {name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name))}

    def check_file(self, path):
        base, suffix = os.path.splitext(os.path.basename(path))
        if set(base.lower().split("_")) & FORBIDDEN_WORDS:
            self.fail(path, 1, "the name says nothing; name the job of the file")
        if suffix not in SOURCE_SUFFIXES:
            return
        text = self.read(path)
        head = "\n".join(text.split("\n")[:4])
        for words in SPDX:
            if words not in head:
                self.fail(path, 1, f"no line '{words}' at the start")
        if suffix not in MAX_LINES:
            return
        self.check_size(path, suffix, text)
        self.check_includes(path, text)
        self.check_functions(path, text)

    def check_size(self, path, suffix, text):
        lines = text.count("\n")
        if lines > MAX_LINES[suffix]:
            self.fail(path, lines, f"{lines} lines, at most {MAX_LINES[suffix]}")
        elif lines > AIM_LINES[suffix]:
            self.remark(path, lines, f"{lines} lines, aim at {AIM_LINES[suffix]}")

    def check_functions(self, path, text):
        original = text.split("\n")
        for line, name, lines, parameters in functions(blank_directives(blank_out(text))):
            is_exempt = any("NOLINT" in row and "function-size" in row for row in original[max(0, line - 3):line + 1])
            is_test = name in ("TEST_CASE", "TEST_CASE_METHOD", "SCENARIO", "TEMPLATE_TEST_CASE")
            if path.startswith("src/") and not is_test:
                self.function_lines.append(lines)
            if is_exempt:
                continue
            if lines > MAX_FUNCTION_LINES:
                self.fail(path, line, f"{name} has {lines} lines, at most {MAX_FUNCTION_LINES}")
            elif lines > AIM_FUNCTION_LINES and not path.startswith("tests/"):
                self.remark(path, line, f"{name} has {lines} lines, aim at {AIM_FUNCTION_LINES}")
            if parameters > MAX_PARAMETERS and not is_test:
                self.fail(path, line, f"{name} has {parameters} parameters, at most {MAX_PARAMETERS}")

    def includes(self, text):
        for found in INCLUDE.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found.group(1) == '"', found.group(2)

    def check_includes(self, path, text):
        parts = path.split(os.sep)
        layer = parts[1] if parts[0] == "src" and len(parts) > 2 else None
        is_public = parts[0] == "include"
        if layer and layer not in ALLOWED:
            self.fail(path, 1, f"'{layer}' is not in the table of layers")
            return
        if is_public:
            layer = PUBLIC.get(os.path.splitext(parts[-1])[0])
            if layer is None:
                self.fail(path, 1, "the layer of this public header is not in the table of check_layers.py")
                return
        project = 0
        for line, is_quoted, name in self.includes(text):
            if not is_quoted:
                self.check_third_party(path, line, name, is_public)
                continue
            project += 1
            if is_public and not name.startswith("quern/"):
                self.fail(path, line, f"a public header includes the private \"{name}\"")
            elif layer:
                self.check_edge(path, line, layer, name)
        if project > MAX_PROJECT_INCLUDES:
            self.fail(path, 1, f"includes {project} headers of the project, at most {MAX_PROJECT_INCLUDES}")

    def check_edge(self, path, line, layer, name):
        first = name.split("/")[0]
        if first == "quern":
            target = PUBLIC.get(os.path.splitext(name.split("/")[-1])[0])
        else:
            target = first if "/" in name else layer
        if name in ("config.hpp",):  # made by meson: version and paths
            return
        if target is None or target not in ALLOWED:
            self.fail(path, line, f"\"{name}\" belongs to no layer")
        elif target not in ALLOWED[layer]:
            self.fail(path, line, f"{layer} may not include \"{name}\" of {target}")

    def check_third_party(self, path, line, name, is_public):
        if is_public and THIRD_PARTY_IN_PUBLIC.match(name):
            self.fail(path, line, f"a public header includes <{name}>")
            return
        if not path.startswith("src" + os.sep):
            return
        inside = path[len("src/"):]
        for pattern, places in CONFINED:
            if re.match(pattern, name) and not any(fnmatch.fnmatch(inside, place) for place in places):
                self.fail(path, line, f"<{name}> belongs in {', '.join(places)}")

    def check_readme(self, layer):
        path = os.path.join("src", layer, "README.md")
        if not os.path.exists(os.path.join(self.root, path)):
            self.fail(path, 1, "missing: what the layer is for, its entry points and decisions")
            return
        lines = self.read(path).count("\n")
        if not README_LINES[0] <= lines <= README_LINES[1]:
            self.fail(path, lines, f"{lines} lines, between {README_LINES[0]} and {README_LINES[1]}")

    def check_meson(self, layer):
        path = os.path.join("src", layer, "meson.build")
        if not os.path.exists(os.path.join(self.root, path)):
            self.fail(path, 1, "missing")
            return
        listed = set(re.findall(r"'([^']+\.cpp)'", self.read(path)))
        folder = os.path.join("src", layer)
        present = {os.path.relpath(name, folder) for name in self.files(folder) if name.endswith(".cpp")}
        for name in sorted(present - listed):
            self.fail(os.path.join(folder, name), 1, f"not listed in {path}")

    def summary(self):
        if not self.function_lines:
            return "no functions"
        ordered = sorted(self.function_lines)
        p90 = ordered[int(len(ordered) * 0.9)] if len(ordered) > 1 else ordered[0]
        median = statistics.median(ordered)
        return f"{len(ordered)} functions in src: median {median:g} lines, p90 {p90}, longest {ordered[-1]}"


def main():
    parser = argparse.ArgumentParser(description="Checks layers, includes and sizes.")
    parser.add_argument("--report", action="store_true", help="show also what is over the aim")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("root", nargs="?", default=os.path.dirname(os.path.dirname(here)))
    arguments = parser.parse_args()
    checker = Checker(arguments.root)
    checker.check_all()
    for line in checker.violations:
        print(line)
    if arguments.report:
        for line in checker.remarks:
            print("aim:", line)
        print(checker.summary())
    return 1 if checker.violations else 0


if __name__ == "__main__":
    sys.exit(main())
