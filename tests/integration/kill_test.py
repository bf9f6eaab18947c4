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


def leaves_nothing_of_two_builds(bench):
    """what a killed build --twice left is gone after the next build, whichever it is."""
    env = {"QUERN_CACHE_DIR": str(bench.folder / "cache")}
    slow = RECIPE.replace("mkdir", "sleep 1; mkdir") % (0, 0)
    words = [QUERN, "build", bench.recipe(slow), "--twice", *map(str, build_flags())]
    child = subprocess.Popen(words, cwd=bench.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             text=True, env={**os.environ, **env})
    for line in child.stderr:
        if line.startswith("building the second time"):
            break
    for line in child.stderr:
        if line.startswith("probe: step 1"):
            break
    child.kill()
    child.communicate()
    places = (bench.folder / "cache", bench.folder / "cache/workspaces", bench.folder / "packages")
    before = {str(path) for place in places for path in place.iterdir()}
    expect(any(path.name.startswith(".quern") for path in places[2].iterdir()), "nothing to remove: the kill came too late")
    bench.build(bench.recipe(RECIPE % (0, 0)), env=env)
    expect([path.name for path in places[2].iterdir()] == ["x86_64"], f"in the repository: {before}")
    expect(not list(places[1].iterdir()) and not list(places[0].glob("twice*")), f"in the cache: {before}")


main([stays_whole, leaves_nothing_of_two_builds])
