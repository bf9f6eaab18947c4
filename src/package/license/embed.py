#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""embed.py OUTPUT REFERENCES: writes the texts of references.txt as tables in C++.

A line of it is what tests/support/license_reference prints: an identifier, the number of words at the end that may be missing,
and the codes of the words, two bytes each (little end first) in base64.
"""
import base64
import struct
import sys


def main():
    output, references = sys.argv[1:]
    tables, entries = [], []
    with open(references, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    for number, (name, optional, data) in enumerate(lines):
        octets = base64.b64decode(data)
        words = struct.unpack("<%dH" % (len(octets) // 2), octets)
        tables.append("constexpr std::array<std::uint16_t, %d> words_%d = {%s};" % (len(words), number, ",".join(map(str, words))))
        entries.append('    {"%s", words_%d, %s},' % (name, number, optional))
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join([
            "// Written by license/embed.py; do not edit.",
            '#include "package/license/references.hpp"',
            "",
            "#include <array>",
            "",
            "namespace quern::package {",
            "namespace {",
            *tables,
            "constexpr std::array<LicenseReference, %d> references = {{" % len(entries),
            *entries,
            "}};",
            "}  // namespace",
            "std::span<const LicenseReference> license_references() {",
            "    return references;",
            "}",
            "}  // namespace quern::package",
            "",
        ]))


if __name__ == "__main__":
    main()
