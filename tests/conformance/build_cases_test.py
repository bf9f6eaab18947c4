#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The recorded building cases, each against the seed."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import BUILD, QUERN, SHARED, STATE

def cases_in(folder):
    """A copy of the cases as they were recorded: a link of theirs may lie beside this checkout as a file that holds its target."""
    cases = pathlib.Path(folder) / "cases"
    shutil.copytree(SHARED / "data" / "build", cases, symlinks=True)
    link = cases / "source-overlay/src/link.txt"
    if not link.is_symlink():
        target = link.read_text()
        link.parent.chmod(0o755)
        link.unlink()
        link.symlink_to(target)
    return cases


def main():
    if not SHARED.exists():
        print("1..0 # SKIP ../shared is not beside this checkout")
        return 0
    with tempfile.TemporaryDirectory(dir=BUILD) as work:
        os.chmod(work, 0o755)
        cases = cases_in(work)
        names = sorted(path.parent.name for path in cases.glob("*/case.json"))
        done = subprocess.run(
            [sys.executable, SHARED / "tools/run_build_cases.py", "--quern", QUERN, "--seed", STATE / "seed", "--seed-key",
             STATE / "seed.rsa.pub", "--cases", cases, "--work", work],
            # Steps of an earlier run that are at hand would not print again what a case wants to see.
            capture_output=True, text=True, check=False, env={**os.environ, "QUERN_CACHE_DIR": os.path.join(work, "cache")})
    verdicts, name = {}, None
    for line in done.stdout.splitlines():
        match = re.match(r"(pass|FAIL|skip) ([^:\s]+)(?:: (.*))?$", line)
        if match:
            name = match[2]
            verdicts[name] = [match[1], match[3] or ""]
        elif name:
            verdicts[name][1] += "\n# " + line
    print(f"1..{len(names)}")
    for number, name in enumerate(names, 1):
        verdict, detail = verdicts.get(name, ["FAIL", "the runner said nothing:\n# " + (done.stdout + done.stderr).replace("\n", "\n# ")])
        if verdict == "skip":
            print(f"ok {number} - {name} # SKIP {detail}")
        else:
            print(f"{'ok' if verdict == 'pass' else 'not ok'} {number} - {name}{'' if verdict == 'pass' else detail}")
    return 1 if any(verdict == "FAIL" for verdict, _ in verdicts.values()) else 0


sys.exit(main())
