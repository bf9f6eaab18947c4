#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Every example recipe builds, passes the independent judge, and is the same bytes when built again."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import SOURCE, STATE, digests, expect, judge_repository, main

EXAMPLES = sorted(path.parent for path in (SOURCE / "examples").glob("*/melange.yaml"))


def case_of(example):
    def case(bench):
        fetched = subprocess.run([SOURCE / "examples/fetch-sources", STATE / "sources", example.name], capture_output=True, text=True,
                                 stdin=subprocess.DEVNULL, check=False)
        expect(fetched.returncode == 0, fetched.stdout + fetched.stderr)
        bench.build(example / "melange.yaml", "--out-dir", bench.folder / "packages")
        judge_repository(bench, bench.folder / "packages/x86_64", STATE / "hello.rsa.pub")
        bench.run("verify", "-k", STATE / "hello.rsa.pub", bench.folder / "packages/x86_64")
        bench.build(example / "melange.yaml", "--fresh", "--out-dir", bench.folder / "again")
        expect(digests(bench.folder / "packages") == digests(bench.folder / "again"), "the second build differs")
    case.__doc__ = f"the example {example.name} builds, is sound and repeats."
    return case


main([case_of(example) for example in EXAMPLES])
