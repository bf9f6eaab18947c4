#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The recorded cases of the recipe language; errors must also name the place of the mistake."""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SHARED


def verdicts_of(cases):
    """Name → None or what is wrong, and all that the runner said."""
    done = subprocess.run(
        [sys.executable, SHARED / "tools/run_compile_cases.py", "--quern", QUERN, "--teach", "--verbose", cases],
        capture_output=True, text=True, check=False)
    verdicts, name = {}, None
    for line in done.stdout.splitlines():
        match = re.match(r"(ok  |FAIL) (\S+)", line)
        if match:
            name = match[2]
            verdicts[name] = None if match[1] == "ok  " else ""
        elif name and verdicts[name] is not None and line.startswith("    "):
            verdicts[name] += "\n# " + line.strip()
    return verdicts, done.stdout + done.stderr


def main():
    if not SHARED.exists():
        print("1..0 # SKIP ../shared is not beside this checkout")
        return 0
    cases = SHARED / "data" / "compile"
    names = sorted(path.parent.name for path in cases.glob("*/case.json"))
    verdicts, said = verdicts_of(cases)
    print(f"1..{len(names)}")
    failed = 0
    for number, name in enumerate(names, 1):
        problem = verdicts.get(name, "\n# the runner said nothing of it:\n# " + said.replace("\n", "\n# "))
        failed += problem is not None
        print(f"{'ok' if problem is None else 'not ok'} {number} - {name}{problem or ''}")
    return 1 if failed else 0


sys.exit(main())
