#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The recorded worlds of the resolver, each with the set that it must give. Broken sets are not taken even where recorded (--sound)."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SHARED


def main():
    runner = SHARED / "tools" / "run_resolver_cases.py"
    if not runner.exists():
        print("1..0 # SKIP ../shared is not beside this checkout")
        return 0
    done = subprocess.run([sys.executable, runner, "--sound", "-v"], capture_output=True, text=True, check=False,
                          env={**os.environ, "QUERN": str(QUERN)})
    verdicts = []
    for line in done.stdout.splitlines():
        match = re.match(r"(ok|FAIL)\s+([^:\s]+)(.*)$", line)
        if match:
            verdicts.append([match[1] == "ok", match[2], [match[3].lstrip(": ")]])
        elif verdicts and line.startswith("     "):
            verdicts[-1][2].append(line.strip())
    said = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    whole = said is not None and int(said[1]) + int(said[2]) == len(verdicts) > 0
    print(f"1..{len(verdicts) + 1}")
    for number, (passed, name, detail) in enumerate(verdicts, 1):
        print(f"{'ok' if passed else 'not ok'} {number} - {name}")
        for line in detail if not passed else []:
            print(f"# {line}")
    print(f"{'ok' if whole else 'not ok'} {len(verdicts) + 1} - every case was judged")
    if not whole:
        print("# " + (done.stdout + done.stderr)[-2000:].replace("\n", "\n# "))
    return 0 if whole and all(passed for passed, _, _ in verdicts) else 1


sys.exit(main())
