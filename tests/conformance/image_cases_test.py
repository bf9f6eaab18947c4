#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The recorded image cases, each one a test. Skipped where they do not lie beside this checkout."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SHARED


LATER = {}


def main():
    if not SHARED.exists():
        print("1..0 # SKIP ../shared is not beside this checkout")
        return 0
    names = sorted(path.parent.name for path in (SHARED / "data/image/cases").glob("*/case.json"))
    done = subprocess.run(
        [sys.executable, SHARED / "tools/run_image_cases.py", "-v"],
        capture_output=True, text=True, check=False, env={**os.environ, "QUERN": str(QUERN)})
    verdicts, name = {}, None
    for line in done.stdout.splitlines():
        match = re.match(r"(ok  |FAIL) (\S+)(.*)$", line)
        if match:
            name = match[2]
            verdicts[name] = [match[1] == "ok  ", match[3]]
        elif name:
            verdicts[name][1] += "\n# " + line
    print(f"1..{len(names)}")
    for number, name in enumerate(names, 1):
        if name in LATER:
            print(f"ok {number} - {name} # SKIP {LATER[name]}")
            continue
        good, detail = verdicts.get(name, [False, "\n# " + (done.stdout + done.stderr).replace("\n", "\n# ")])
        print(f"{'ok' if good else 'not ok'} {number} - {name}{'' if good else detail}")
    bad = [name for name, (good, _) in verdicts.items() if not good and name not in LATER]
    return 0 if not bad and len(verdicts) == len(names) else 1


sys.exit(main())
