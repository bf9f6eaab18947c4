#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Every recipe below examples/ builds twice the same, is built again from its packages the same, and passes the independent judge.

Recipes that need Go build in a seed with the group `go`, which is made once (or given: QUERN_GO_SEED="SEED KEY").
"""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SOURCE, STATE, Skip, digests, expect, judge_repository, main

EXAMPLES = SOURCE / "examples"
RECIPES = sorted(path for path in EXAMPLES.rglob("*.yaml") if "\npackage:\n" in path.read_text())
GO_SEED, GO_KEY = os.environ.get("QUERN_GO_SEED", f"{SOURCE}/build/awk-playground/seed {STATE}/seed.rsa.pub").split()


def make_go_seed():
    if "QUERN_GO_SEED" in os.environ:
        return
    done = subprocess.run([QUERN, "seed", EXAMPLES / "seed/debian-12.yaml", "--out-dir", GO_SEED, "--group", "fetch,go",
                           "--signing-key", STATE / "seed.rsa"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    expect(done.returncode == 0, done.stdout + done.stderr)


def seed_flags(recipe):
    """Where the packages of the environment come from."""
    if "golang-go" in recipe.read_text():
        make_go_seed()
        return ("--repository-append", GO_SEED, "--keyring-append", GO_KEY)
    return ("--repository-append", STATE / "seed", "--keyring-append", STATE / "seed.rsa.pub")


def fetch_sources(example):
    fetched = subprocess.run([EXAMPLES / "fetch-sources", STATE / "sources", example], capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, check=False)
    expect(fetched.returncode == 0, fetched.stdout + fetched.stderr)


def judge(bench, directory):
    """The judge, where it is; gives why not otherwise."""
    try:
        judge_repository(bench, directory, STATE / "hello.rsa.pub")
    except Skip as reason:
        return str(reason)
    return ""


def case_of(recipe):
    name = recipe.parent.relative_to(EXAMPLES)

    def case(bench):
        seed = seed_flags(recipe)
        common = ("--cache-dir", STATE / "sources", *seed)
        if recipe.parent.parent == EXAMPLES:
            fetch_sources(recipe.parent.name)
        packages = bench.folder / "packages/x86_64"
        bench.run("build", recipe, "--twice", "--arch", "x86_64", "--signing-key", STATE / "hello.rsa", "--git-commit", "0" * 40,
                  "--out-dir", packages.parent, *common)
        built = sorted(packages.glob("*.apk"))
        expect(built, "there are no packages")
        bench.run("verify", "-k", STATE / "hello.rsa.pub", packages)
        again = bench.run("rebuild", "--out-dir", bench.folder / "rebuilt", "--source-dir", recipe.parent, "--signing-key", STATE / "hello.rsa",
                          *common, *built)
        expect(again.stdout.count(": identical\n") == len(built), again.stdout)
        # Built by the same key, all but the configuration that it was built from is the same file.
        expect(sorted(digests(bench.folder / "rebuilt/x86_64")) == sorted(digests(packages)), "other packages were made")
        if reason := judge(bench, packages):
            raise Skip(f"built twice and again; not judged: {reason}")
    case.__doc__ = f"the example {name} builds twice the same, rebuilds the same and is sound."
    return case


main([case_of(recipe) for recipe in RECIPES])
