#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Holds the list of attacks: every test that tests/conformance/attacks.tsv names is there, and every row has one."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Packages, indexes, keys, caches and HTTP.
ROWS = ("P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15 P16 P17 K1 K2 K3 K4 M1 M2 M3 M4 M5 M6 M8 M18 M19").split()


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
