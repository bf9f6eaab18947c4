#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""A build beside a lock is made in the packages that the lock names, whatever its repositories offer by now."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import index, make_packages, make_repository
from workbench import build_flags, expect, main

RECIPE = ("package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\n"
          "environment: {contents: {packages: [%s]}}\n"
          "pipeline: [{runs: 'mkdir -p ${{targets.destdir}}/usr/share/probe; echo 1 > ${{targets.destdir}}/usr/share/probe/x'}]\n")


def flags(bench):
    return ("-r", bench.folder / "extra", "-k", bench.folder / "key.rsa.pub", "--cache-root", bench.folder / "cache")


def lock_flags(bench):
    seed = build_flags()
    return (*seed[:6], *flags(bench))


def packages_of(bench):
    """What the built package says that it was built in."""
    return bench.run("show", "--control", ".melange.yaml", bench.folder / "packages/x86_64/probe-1-r0.apk").stdout


def is_used(bench):
    """a lock beside the recipe is used until it is renewed."""
    extra = make_repository(bench, name="extra", count=1)
    recipe = bench.recipe(RECIPE % "busybox, p-0")
    bench.run("lock", recipe, *lock_flags(bench))
    make_packages(extra / "x86_64", "p", 1, version="2-r0", key=bench.folder / "key.rsa")
    index(bench, extra / "x86_64", extra / "x86_64")
    bench.build(recipe, *flags(bench), "--locked")
    expect("p-0=1-r0" in packages_of(bench), packages_of(bench))
    bench.run("lock", recipe, *lock_flags(bench), "--update")
    bench.build(recipe, *flags(bench))
    expect("p-0=2-r0" in packages_of(bench), packages_of(bench))


def drifts(bench):
    """another request than the lock's is told with its difference; with --locked it is an error and nothing is built."""
    make_repository(bench, name="extra", count=1)
    bench.run("lock", bench.recipe(RECIPE % "busybox"), *lock_flags(bench))
    recipe = bench.recipe(RECIPE % "busybox, p-0")
    done = bench.build(recipe, *flags(bench), "--locked", status=1)
    expect("asked for p-0 (x86_64): added" in done.stderr, done.stderr)
    expect(not (bench.folder / "packages/x86_64").exists(), "something was published")
    done = bench.build(recipe, *flags(bench))
    expect("asked for p-0 (x86_64): added" in done.stderr and "chosen anew" in done.stderr, done.stderr)
    (recipe.parent / "melange.lock.json").write_text("{}")
    done = bench.build(recipe, *flags(bench), status=4)
    expect("melange.lock.json" in done.stderr and "version" in done.stderr, done.stderr)
    (recipe.parent / "melange.lock.json").unlink()
    bench.build(recipe, *flags(bench), "--locked", status=4)


def changed_package(bench):
    """a package that is not the locked one any more is refused."""
    extra = make_repository(bench, name="extra", count=1)
    recipe = bench.recipe(RECIPE % "busybox, p-0")
    bench.run("lock", recipe, *lock_flags(bench))
    make_packages(extra / "x86_64", "p", 1, size=77, key=bench.folder / "key.rsa")
    index(bench, extra / "x86_64", extra / "x86_64")
    done = bench.build(recipe, *flags(bench), status=5)
    expect("p-0-1-r0" in done.stderr and "is not the one that the index names" in done.stderr, done.stderr)


main([is_used, drifts, changed_package])
