#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The recorded building cases, each against the seed. Those whose aspects belong to later work are skipped by name with the reason."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import BUILD, QUERN, SHARED, STATE

LINK = "its src/link.txt is recorded as a link that is not copied, but lies beside this checkout as a file"
LATER = {}
if (SHARED / "data/build/source-overlay/src/link.txt").is_file() and not (SHARED / "data/build/source-overlay/src/link.txt").is_symlink():
    LATER["source-overlay"] = LINK


def main():
    if not SHARED.exists():
        print("1..0 # SKIP ../shared is not beside this checkout")
        return 0
    cases = SHARED / "data" / "build"
    names = sorted(path.parent.name for path in cases.glob("*/case.json"))
    wanted = [name for name in names if name not in LATER]
    with tempfile.TemporaryDirectory(dir=BUILD) as work:
        os.chmod(work, 0o755)
        done = subprocess.run(
            [sys.executable, SHARED / "tools/run_build_cases.py", "--quern", QUERN, "--seed", STATE / "seed", "--seed-key",
             STATE / "seed.rsa.pub", "--cases", cases, "--only", ",".join(wanted), "--work", work],
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
        if name in LATER:
            print(f"ok {number} - {name} # SKIP {LATER[name]}")
            continue
        verdict, detail = verdicts.get(name, ["FAIL", "the runner said nothing:\n# " + (done.stdout + done.stderr).replace("\n", "\n# ")])
        if verdict == "skip":
            print(f"ok {number} - {name} # SKIP {detail}")
        else:
            print(f"{'ok' if verdict == 'pass' else 'not ok'} {number} - {name}{'' if verdict == 'pass' else detail}")
    return 1 if any(verdict == "FAIL" for verdict, _ in verdicts.values()) else 0


sys.exit(main())
