#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""A build starts where something has changed: what runs, what is kept, and that the bytes are those of a build from the beginning."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, build_flags, digests, expect, main

HEAD = """package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox]}}
"""
SEED = 7
STEPS = 100


def text(scripts, head=HEAD):
    """A recipe whose steps leave a mark in the log that only running them makes."""
    steps = "".join(f"  - name: s{number}\n    runs: |\n      echo ran-s{number}\n      mkdir -p \"${{{{targets.destdir}}}}/d\"\n      {script}\n"
                    for number, script in enumerate(scripts, 1))
    return head + "pipeline:\n" + steps


def build(bench, recipe, *words, status=0):
    """Builds with a cache of the bench's own; gives the numbers of the steps that ran and the messages."""
    cache = bench.folder / "cache"
    done = bench.build(recipe, "-v", *words, status=status, env={"QUERN_CACHE_DIR": str(cache)})
    # A failure repeats what was printed last, by steps that did not run now too.
    lines = [line for line in done.stderr.splitlines() if not line.lstrip().startswith("| ")]
    return [int(word[5:]) for line in lines for word in line.split() if word.startswith("ran-s")], done.stderr


def packages(bench, folder="packages"):
    return digests(bench.folder / folder)


SCRIPTS = ["echo one > \"${{targets.destdir}}/d/a\"", "cp \"${{targets.destdir}}/d/a\" \"${{targets.destdir}}/d/b\"; echo x > /etc/of-step",
           "test -e /etc/of-step; rm \"${{targets.destdir}}/d/a\"", "ln \"${{targets.destdir}}/d/b\" \"${{targets.destdir}}/d/c\"", "echo last > note"]


def an_edit(bench):
    """after an edit the build starts at the edited step; a failure is mended where it was."""
    expect(build(bench, bench.recipe(text(SCRIPTS)))[0] == [1, 2, 3, 4, 5], "not all steps ran at first")
    edited = SCRIPTS[:3] + ["false"] + SCRIPTS[4:]
    ran, messages = build(bench, bench.recipe(text(edited)), status=3)
    expect(ran == [4] and "3 of 5 steps are as they were" in messages, f"{ran}\n{messages}")
    expect(build(bench, bench.recipe(text(SCRIPTS[:3] + ["true"] + SCRIPTS[4:])))[0] == [4, 5], "did not go on at step 4")
    expect(build(bench, bench.recipe(text(SCRIPTS)), "--out-dir", "other")[0] == [], "steps that ran before ran again")


def outputs(bench):
    """a failure shows what its step printed, then what others did; the log has what all printed, whether they ran now or before."""
    recipe = bench.recipe(text(["true", "echo to-stderr >&2", "echo about-to-fail; false"]))
    cold = build(bench, recipe, status=3)[1]
    log = bench.folder / "cache/logs/probe-1.x86_64.log"
    log = next((bench.folder / "cache/logs").glob("probe-1-*.log")) if not log.exists() else log
    printed = ["ran-s1", "ran-s2", "to-stderr", "ran-s3", "about-to-fail"]
    for _ in range(2):
        ran, warm = build(bench, recipe, status=3)
        expect(ran == [3], f"{ran}\n{warm}")
        last = warm[warm.index("its last lines were"):]
        expect(last == cold[cold.index("its last lines were"):], f"{cold}\n{warm}")
        expect([line.lstrip()[2:] for line in last.splitlines() if line.lstrip().startswith("| ")] == printed[3:] + printed[:3], last)
        expect([line for line in log.read_text().splitlines() if not line.startswith("== ")] == printed, log.read_text())


def killed(bench):
    """after kills at any time of a build the next one goes on, and the bytes are those of a build from the beginning."""
    recipe = bench.recipe(text([f"{script}; sleep 0.05" for script in SCRIPTS]))
    cache = {"QUERN_CACHE_DIR": str(bench.folder / "cache")}
    build(bench, recipe, "--fresh", "--out-dir", "whole")
    shutil.rmtree(bench.folder / "cache/snapshots")
    done = False
    for round in range(40):
        started = subprocess.Popen([QUERN, "build", recipe, *build_flags()], cwd=bench.folder, env={**os.environ, **cache},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            done = started.wait(0.15 + 0.03 * (round % 7)) == 0
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        if done:
            break
    if not done:
        build(bench, recipe)
    expect(packages(bench)["x86_64/probe-1-r0.apk"] == packages(bench, "whole")["x86_64/probe-1-r0.apk"], "other bytes after kills")
    expect(not list((bench.folder / "packages").glob(".quern-staging-*")), "a staging folder was left")


def nothing_changed(bench):
    """an unchanged build publishes nothing and says so; a change of anything that counts builds."""
    recipe = bench.recipe(text(SCRIPTS))
    build(bench, recipe)
    before = {path: path.stat().st_mtime_ns for path in (bench.folder / "packages").rglob("*")}
    ran, messages = build(bench, recipe)
    expect(ran == [] and "nothing has changed" in messages, messages)
    expect(before == {path: path.stat().st_mtime_ns for path in (bench.folder / "packages").rglob("*")}, "something was written")
    (recipe.parent / "source.txt").write_text("new")
    expect(build(bench, recipe)[0] == [1, 2, 3, 4, 5], "a new source file did not count")
    ran, messages = build(bench, bench.recipe(text(SCRIPTS, HEAD.replace("epoch: 0", "epoch: 0, description: other"))))
    expect(ran == [] and "nothing has changed" not in messages, "a new description did not count, or ran steps")
    (bench.folder / "packages/x86_64/probe-1-r0.apk").unlink()
    expect("nothing has changed" not in build(bench, recipe)[1], "a missing package did not count")


def ranges(bench):
    """--from, --until and --fresh choose the steps."""
    recipe = bench.recipe(text(SCRIPTS))
    ran, messages = build(bench, recipe, "--until", "s2")
    expect(ran == [1, 2] and not (bench.folder / "packages/x86_64").exists(), messages)
    inside = bench.run("enter", "--", "cat", "/etc/of-step", env={"QUERN_CACHE_DIR": str(bench.folder / "cache")}).stdout
    expect(inside == "x\n", inside)
    expect(build(bench, recipe)[0] == [3, 4, 5], "did not go on behind --until")
    expect(build(bench, recipe, "--from", "4")[0] == [4, 5], "--from by number")
    expect(build(bench, recipe, "--from", "probe/s2")[0] == [2, 3, 4, 5], "--from by name")
    expect(build(bench, recipe, "--fresh")[0] == [1, 2, 3, 4, 5], "--fresh")
    expect("s3" in build(bench, recipe, "--from", "nosuch", status=2)[1], "the steps are not listed")
    refused = build(bench, recipe, "--from", "4", "--until", "s2", status=2)[1]
    expect("step 4 (probe/s4)" in refused and "step 2 (probe/s2) of --until" in refused, refused)
    expect(build(bench, recipe, "--from", "s2", "--until", "2")[0] == [2], "one step")


def random_edits(bench):
    """after any edits the bytes are those of a build from the beginning."""
    choose = random.Random(SEED)
    scripts = list(SCRIPTS)
    for number in range(8):
        at = choose.randrange(len(scripts))
        scripts[at] = choose.choice([
            f"echo {number} > \"${{{{targets.destdir}}}}/d/n{number}\"", SCRIPTS[0], f"mkdir -p \"${{{{targets.destdir}}}}/e{number}\"; chmod 4755 \"${{{{targets.destdir}}}}/d\"",
            f"rm -rf \"${{{{targets.destdir}}}}/d\"; mkdir \"${{{{targets.destdir}}}}/d\"; echo {number} > \"${{{{targets.destdir}}}}/d/b\"; echo x > /etc/of-step",
            f"chown {number + 1}:{number + 2} \"${{{{targets.destdir}}}}/d\"", "ln -sf nowhere \"${{targets.destdir}}/d/link\""])
        recipe = bench.recipe(text([f"set +e; {script}; true" for script in scripts]))
        build(bench, recipe)
        build(bench, recipe, "--fresh", "--out-dir", f"fresh{number}")
        name = "x86_64/probe-1-r0.apk"
        expect(packages(bench)[name] == packages(bench, f"fresh{number}")[name], f"edit {number} of seed {SEED}: {scripts}")


def speed(bench):
    """an unchanged build and a late step start at once (figures only)."""
    scripts = ["true"] * STEPS
    start = time.monotonic()
    build(bench, bench.recipe(text(scripts)))
    whole = time.monotonic()
    build(bench, bench.recipe(text(scripts)))
    unchanged = time.monotonic()
    build(bench, bench.recipe(text(scripts[:-1] + ["echo edited"])))
    print(f"# {STEPS} steps {whole - start:.2f} s, unchanged {unchanged - whole:.3f} s, last step again {time.monotonic() - unchanged:.3f} s")


main([an_edit, outputs, nothing_changed, ranges, random_edits, killed, speed])
