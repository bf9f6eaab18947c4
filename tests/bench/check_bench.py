#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Time and memory of `quern check` over 3,000 recipes and of `quern compile` of one; one line of JSON. check_bench.py QUERN

Milliseconds, the best of several runs; `subpackages` is how many times longer ten times the subpackages take.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import make_recipes


def measure(command, runs):
    """The least milliseconds, and the most memory in MiB."""
    best, memory = float("inf"), 0
    for _ in range(runs):
        start = time.monotonic()
        with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL) as child:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        best = min(best, (time.monotonic() - start) * 1000)
        memory = max(memory, usage.ru_maxrss / 1024)
        if child.returncode != 0:
            sys.exit(f"{command} ended with {child.returncode}")
    return round(best, 2), round(memory, 1)


def with_subpackages(count):
    text = "package: {name: demo, version: 1.2.3, epoch: 0}\nsubpackages:\n"
    for number in range(count):
        text += f"  - name: part{number}\n    pipeline:\n      - uses: split/dev\n      - runs: echo ${{{{targets.subpkgdir}}}}\n"
    return text


def main():
    quern = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_recipes.write(folder / "all", 3000)
        # Without bash, whose time is its own.
        flags = ["--arch", "x86_64", "--no-shell-check"]
        all_ms, all_mib = measure([quern, "check", *flags, folder / "all"], 5)
        middle = sorted((folder / "all").iterdir(), key=lambda path: path.stat().st_size)[1500]
        one_ms, one_mib = measure([quern, "compile", *flags, middle], 30)
        version_ms, _ = measure([quern, "version"], 30)
        sizes = {}
        for count in (300, 3000):
            (folder / "many.yaml").write_text(with_subpackages(count), encoding="utf-8")
            sizes[count] = measure([quern, "compile", *flags, folder / "many.yaml"], 5)[0] - version_ms
        print(json.dumps({
            "check_3000_ms": all_ms, "check_3000_mib": all_mib, "compile_ms": one_ms, "compile_mib": one_mib, "version_ms": version_ms,
            "subpackages": round(sizes[3000] / sizes[300], 2)}))


main()
