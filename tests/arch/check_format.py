#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Fails if clang-format 14 would change a source file. Exits 77, which meson takes for skipped, where it is not installed."""

import os
import shutil
import subprocess
import sys

FORMATTER = "clang-format-14"
FILES_PER_RUN = 40


def sources(root):
    for folder in ("include", "src", "tests"):
        for directory, names, files in os.walk(os.path.join(root, folder)):
            names.sort()
            for name in sorted(files):
                if name.endswith((".cpp", ".hpp")):
                    yield os.path.relpath(os.path.join(directory, name), root)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    if shutil.which(FORMATTER) is None:
        print(f"skipped: {FORMATTER} is not installed")
        return 77
    paths = list(sources(root))
    batches = [paths[i:i + FILES_PER_RUN] for i in range(0, len(paths), FILES_PER_RUN)]
    wrong = set()
    for batch in batches:
        done = subprocess.run([FORMATTER, "--dry-run", "-Werror", *batch], cwd=root, capture_output=True, text=True, check=False)
        found = {line.split(":")[0] for line in done.stderr.splitlines() if "clang-format-violations" in line}
        if done.returncode != 0 and not found:
            print(done.stderr, end="")
            return 1
        wrong |= found
    for path in sorted(wrong):
        print(f"{path}: not formatted; run {FORMATTER} -i {path}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
