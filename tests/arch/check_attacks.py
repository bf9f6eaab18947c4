#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Holds the list of attacks: every test that tests/conformance/attacks.tsv names is there, and every row has one."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = [f"{kind}{number}" for kind, last in (("P", 17), ("R", 7), ("S", 10), ("K", 4), ("M", 19)) for number in range(1, last + 1)]


def problems():
    seen = set()
    for number, line in enumerate((ROOT / "tests/conformance/attacks.tsv").read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 3:
            yield f"attacks.tsv:{number}: not row, file, words"
            continue
        row, file, words = parts
        seen.add(row)
        if not (ROOT / file).is_file() or words not in " ".join((ROOT / file).read_text().split()):
            yield f"attacks.tsv:{number}: {row}: no test '{words}' in {file}"
    for row in ROWS:
        if row not in seen:
            yield f"attacks.tsv: nothing shows {row}"


found = list(problems())
print("\n".join(found), end="\n" if found else "")
sys.exit(1 if found else 0)
