#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Caches that steps see by --cache: compilers find in them what they compiled before, in every runner, and packages do not change.

The seed is made once, in build/caches/seed, from a further group of the seed's description.
"""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pipeline_bench import write_sources
from workbench import QUERN, SOURCE, STATE, digests, expect, main

SEED = SOURCE / "build/caches/seed"
RECIPE = """package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}], checks: {disabled: [strip]}}
environment: {contents: {packages: [build-base, busybox]}}
pipeline:
  - runs: |
      for i in 1 2 3; do gcc -O2 -g -DNUMBER=$i -c part.c -o part$i.o; done
      g++ -g -c other.cc
  - runs: |
      mkdir -p "${{targets.destdir}}/usr/bin"
      gcc -g part1.o -o "${{targets.destdir}}/usr/bin/frob"
      cp part2.o part3.o other.o "${{targets.destdir}}/usr/bin/"
"""
C_SOURCES = {"part.c": "#include <stdio.h>\nint main(void) { return printf(\"%d %s\\n\", NUMBER, __FILE__) < 0; }\n", "other.cc": "int other() { return 3; }\n"}


def build(bench, out, *words, **options):
    """What a build says in JSON; its packages are in `out`."""
    done = bench.build(bench.folder / "recipe/melange.yaml", "--repository-append", SEED, "--fresh", "--out-dir", out, "--format", "json", *words,
                       env={"QUERN_CACHE_DIR": str(bench.folder / "cache")}, **options)
    return json.loads(done.stdout), done.stderr


def cache_of(report, name):
    return next(cache for cache in report["caches"] if cache["name"] == name)


def counts(report):
    cache = cache_of(report, "ccache")
    return cache["hits"], cache["misses"]


def the_seed(bench):
    """the seed with compiler caches is made, or there already."""
    done = subprocess.run([QUERN, "seed", SOURCE / "examples/seed/debian-12.yaml", "--out-dir", SEED, "--group", "ccache",
                           "--signing-key", STATE / "seed.rsa"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    expect(done.returncode == 0, done.stdout + done.stderr)


def ccache(bench):
    """ccache finds in a second build all that the first compiled, and the packages are the same bytes; it is no part of what a recipe says."""
    write_sources(bench, C_SOURCES)
    bench.recipe(RECIPE)
    cold, said = build(bench, "cold", "--cache", "ccache")
    expect(counts(cold) == (0, 4), cold)
    expect("cache ccache: 0 of 4 compilations (0 %) were in it" in said, said)
    expect(cache_of(cold, "ccache")["new_files"] > 0, cold)
    warm, said = build(bench, "warm", "--cache", "ccache")
    expect(counts(warm) == (4, 0), warm)
    expect("cache ccache: 4 of 4 compilations (100 %) were in it" in said, said)
    expect(digests(bench.folder / "cold") == digests(bench.folder / "warm"), "the cache changed the packages")
    # Another source is a miss, however the dates of files lie.
    before = (bench.folder / "recipe/part.c").stat()
    write_sources(bench, {"part.c": C_SOURCES["part.c"].replace("< 0", "< 1")})
    os.utime(bench.folder / "recipe/part.c", ns=(before.st_atime_ns, before.st_mtime_ns))
    changed, _ = build(bench, "changed", "--cache", "ccache")
    expect(counts(changed) == (1, 3), changed)
    # Without the cache the compiler makes the same files.
    write_sources(bench, C_SOURCES)
    build(bench, "without")
    listed = [bench.run("diff", bench.folder / "cold/x86_64/probe-1-r0.apk", bench.folder / "without/x86_64/probe-1-r0.apk", status=(0, 1)).stdout]
    expect("usr/bin" not in listed[0], listed[0])


def scope_and_trust(bench):
    """a compiler cache is one recipe's own with --cache-scope, and a read-only one is used and keeps nothing."""
    write_sources(bench, C_SOURCES)
    bench.recipe(RECIPE)
    first, _ = build(bench, "out", "--cache", "ccache", "--cache-trust", "read-only")
    again, _ = build(bench, "out", "--cache", "ccache", "--cache-scope", "recipe")
    expect(counts(first) == counts(again) == (0, 4), (first, again))
    kept, _ = build(bench, "out", "--cache", "ccache", "--cache-scope", "recipe", "--cache-trust", "read-only")
    expect(counts(kept) == (4, 0), kept)


def of_users(bench):
    """steps of different users share a compiler cache."""
    write_sources(bench, C_SOURCES)
    user = ", accounts: {run-as: build, users: [{username: build, uid: 1000, gid: 1000}], groups: [{groupname: build, gid: 1000}]}}\npipeline:"
    bench.recipe(RECIPE)
    build(bench, "root", "--cache", "ccache")
    bench.recipe(RECIPE.replace("}\npipeline:", user, 1).replace("-DNUMBER=$i", "-DNUMBER=$(test $i = 3 && echo 7 || echo $i)"))
    report, said = build(bench, "user", "--cache", "ccache")
    expect(counts(report) == (3, 1), said)
    report, said = build(bench, "user", "--cache", "ccache")
    expect(counts(report) == (4, 0), said)


def hostile_counts(bench):
    """what a step writes in the place of counters is data: a build neither fails nor believes a link."""
    for script in ("ln -s /etc/passwd $CCACHE_STATSLOG", "mkdir $CCACHE_STATSLOG", "mkfifo $CCACHE_STATSLOG", "head -c 40000000 /dev/zero > $CCACHE_STATSLOG",
                   "rm -rf /var/cache/melange/.statistics /var/cache/melange/.compilers || true; ! echo x > /var/cache/melange/.compilers/gcc"):
        bench.recipe(RECIPE[:RECIPE.index("pipeline:")] + f"pipeline:\n  - runs: |\n      {script}\n      mkdir -p ${{{{targets.destdir}}}}\n")
        report, said = build(bench, "out", "--cache", "ccache")
        expect(cache_of(report, "ccache").get("hits", 0) == 0, said)


def sccache(bench):
    """sccache keeps what was compiled, below a name for the toolchain, and the packages are the same bytes."""
    write_sources(bench, C_SOURCES)
    bench.recipe(RECIPE)
    cold, said = build(bench, "cold", "--cache", "sccache")
    expect(cache_of(cold, "sccache")["new_files"] >= 4, said)
    warm, said = build(bench, "warm", "--cache", "sccache")
    expect(cache_of(warm, "sccache")["new_files"] == 0, said)
    expect(digests(bench.folder / "cold") == digests(bench.folder / "warm"), "the cache changed the packages")
    expect(len(list((bench.folder / "cache/languages").glob("*/sccache/*"))) == 1, "not one toolchain")


def named(bench):
    """a directory of any name is kept for a variable; what is no name is refused."""
    text = RECIPE[:RECIPE.index("pipeline:")].replace("build-base, ", "") + "pipeline:\n  - runs: |\n      ls $MINE; mkdir -p ${{targets.destdir}}; echo x > $MINE/kept\n"
    bench.recipe(text)
    build(bench, "one", "--cache", "mine=MINE")
    report, said = build(bench, "two", "-v", "--cache", "mine=MINE")
    expect("kept" in said and cache_of(report, "mine")["files"] == 1, said)
    done = bench.build(bench.folder / "recipe/melange.yaml", "--cache", "mine", status=2)
    expect("write ccache, sccache, go, or NAME=VARIABLE" in done.stderr, done.stderr)
    done = bench.build(bench.folder / "recipe/melange.yaml", "--cache", "ccache", status=1, env={"QUERN_CACHE_DIR": str(bench.folder / "cache")})
    expect("ccache" in done.stderr, done.stderr)


main([the_seed, ccache, scope_and_trust, of_users, hostile_counts, sccache, named])
