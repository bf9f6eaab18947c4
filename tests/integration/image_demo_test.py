#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The images of the examples: built from source, small, without shell and package manager, and answering where an engine runs."""
import json
import os
import pathlib
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import BUILD, SOURCE, Skip, expect, main

SEED = os.environ.get("QUERN_GO_SEED", "").split()  # SEED KEY: one with the group `go`, for those who have it already
WORK = SOURCE / "build/awk-playground"
ran = {}


def run_example():
    """Runs the example once for all cases; gives what it printed."""
    if BUILD != SOURCE / "build":
        raise Skip("the example uses the program in build/")
    if "output" not in ran:
        done = subprocess.run([SOURCE / "examples/awk-playground/run", *SEED], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False, timeout=1800)
        expect(done.returncode == 0, done.stdout + done.stderr)
        ran["output"] = done.stdout
    return ran["output"]


def layers(archive):
    with tarfile.open(archive) as outer:
        item = json.load(outer.extractfile("manifest.json"))[0]
        for name in item["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name), mode="r:gz") as layer:
                yield from layer.getmembers()


def small(_bench):
    """the image of the service is under 15 MB and has neither a shell nor apk."""
    run_example()
    members = list(layers(WORK / "awk-playground.tar"))
    names = {member.name for member in members}
    expect({"usr/bin/awk", "usr/bin/mawk", "usr/bin/awk-playground"} <= names, f"something is missing: {sorted(names)}")
    shells = [name for name in names if pathlib.PurePath(name).name in ("sh", "bash", "dash", "busybox", "apk", "apt", "dpkg")
              and not name.startswith(("etc/", "usr/lib/apk", "var/"))]
    expect(not [name for name in shells if name != "lib/apk"], f"there is {shells}")
    expect(sum(member.size for member in members) < 15_000_000, "it is too large")


def answers(_bench):
    """the service answers as nobody on a read-only root without capabilities."""
    output = run_example()
    if "no container engine runs here" in output:
        raise Skip("no container engine runs here")
    if '"output"' not in output:
        raise Skip("curl is not installed")
    expect('{"output":"3\\n7\\n"}' in output, output)


def certificates(_bench):
    """the static program finds the certificates of the bundle."""
    output = run_example()
    if "no container engine runs here" in output:
        raise Skip("no container engine runs here")
    counts = [int(line.split()[0]) for line in output.splitlines() if line.endswith(" certificates")]
    expect(counts and counts[0] > 100, output)


main([small, answers, certificates])
