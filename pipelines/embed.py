#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""embed.py OUTPUT DIRECTORY NAME...: writes the definitions DIRECTORY/NAME.yaml as one table in C++, by name in byte order."""
import os
import sys

# String literals may be limited to 64 KiB; a definition is far below it.
LIMIT = 60000


def literal(text):
    delimiter = "quern"
    if ")" + delimiter + '"' in text or len(text.encode()) > LIMIT:
        sys.exit("embed.py: a definition cannot be written as a literal")
    return 'R"%s(%s)%s"' % (delimiter, text, delimiter)


def main():
    output, directory, *names = sys.argv[1:]
    lines = [
        "// Written by pipelines/embed.py; do not edit.",
        '#include "pipeline/built_in.hpp"',
        "",
        "#include <array>",
        "",
        "namespace quern::pipeline {",
        "",
        "namespace {",
        "",
        "constexpr std::array<BuiltIn, %d> definitions{{" % len(names),
    ]
    for name in sorted(names, key=str.encode):
        with open(os.path.join(directory, name + ".yaml"), encoding="utf-8") as file:
            lines.append('    {"%s", %s},' % (name, literal(file.read())))
    lines += [
        "}};",
        "",
        "}  // namespace",
        "",
        "std::span<const BuiltIn> built_in_definitions() {",
        "    return definitions;",
        "}",
        "",
        "}  // namespace quern::pipeline",
        "",
    ]
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    main()
