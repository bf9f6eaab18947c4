#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at many instants of a build leaves the repository old or new, and the next build works."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, STATE, build_flags, digests, expect, main

ROUNDS = int(os.environ.get("QUERN_KILL_ROUNDS", "24"))
RECIPE = ("package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\n"
          "environment: {contents: {packages: [busybox]}}\n"
          "pipeline: [{runs: 'mkdir -p ${{targets.destdir}}/usr/share/probe; echo %d > ${{targets.destdir}}/usr/share/probe/x'}]\n"
          "subpackages: [{name: probe-more, pipeline: [{runs: 'echo %d > ${{targets.contextdir}}/y'}]}]\n")


def stays_whole(bench):
    """a killed build leaves a repository that verifies."""
    env = {"QUERN_CACHE_DIR": str(bench.folder / "cache")}
    bench.build(bench.recipe(RECIPE % (0, 0)), env=env)  # fills the cache
    start = time.monotonic()
    bench.build(bench.recipe(RECIPE % (0, 0)), "--fresh", env=env)
    lasted = time.monotonic() - start
    killed = 0
    for number in range(1, ROUNDS + 1):
        recipe = bench.recipe(RECIPE % (number, number))
        child = subprocess.Popen([QUERN, "build", recipe, *map(str, build_flags())], cwd=bench.folder, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **env})
        try:  # each round lives a little longer, so that the whole of a build is met
            child.wait(timeout=lasted * number / ROUNDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            killed += 1
        bench.run("verify", "-k", STATE / "hello.rsa.pub", bench.folder / "packages/x86_64")
    print(f"# killed {killed} of {ROUNDS}")
    expect(killed > ROUNDS // 5, "too few were killed for the test to mean anything")
    bench.build(bench.recipe(RECIPE % (0, 0)), env=env)
    bench.run("verify", "-k", STATE / "hello.rsa.pub", bench.folder / "packages/x86_64")
    stale = [path for path in (bench.folder / "packages").iterdir() if path.name != "x86_64"]
    expect(not stale, f"left behind: {stale}")
    expect(not list((bench.folder / "cache/workspaces").iterdir()), "a workspace is left")
    expect(len(digests(bench.folder / "packages")) == 3, "not exactly two packages and an index")


main([stays_whole])
