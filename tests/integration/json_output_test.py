#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""With --format json every command gives JSON: its result on stdout, all else a line each on stderr, whatever the bytes of paths are."""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import make_repository
from workbench import expect, main

RECIPE = "package: {name: p-0, version: '1', epoch: 0, copyright: [{license: MIT}]}\npipeline: [{runs: 'true'}]\n"
IMAGE = "contents: {packages: [p-0]}\n"


def result(bench, *words, status=0):
    """The value on stdout, None where there is none; every line on stderr is a value too."""
    done = bench.run("--format", "json", "--cache-root", "cache", *words, status=status)
    for line in done.stderr.splitlines():
        try:
            json.loads(line)
        except ValueError as wrong:
            raise AssertionError(f"{words}: stderr has {line!r}") from wrong
    try:
        return json.loads(done.stdout) if done.stdout else None
    except ValueError as wrong:
        raise AssertionError(f"{words}: stdout has {done.stdout!r}") from wrong


def what_was_written(bench):
    """commands that write files name them"""
    repository = make_repository(bench)
    package = repository / "x86_64/p-0-1-r0.apk"
    index = str(bench.folder / "APKINDEX.tar.gz")
    expect(result(bench, "index", "-o", index, package) == {"written": [index]}, "index")
    expect(result(bench, "sign", "-k", "key.rsa", package) == {"written": [str(package)]}, "sign")
    expect(result(bench, "sign-index", "--signing-key", "key.rsa", index) == {"written": [index]}, "sign-index")
    expect(result(bench, "sign-index", "--signing-key", "key.rsa", index) == {"written": []}, "sign-index of what is signed")


def what_images_are(bench):
    """commands of images give values too"""
    repository = make_repository(bench)
    (bench.folder / "image.yaml").write_text(IMAGE)
    sources = ("--arch", "x86_64", "-r", repository, "-k", "key.rsa.pub")
    packages = result(bench, "image", "show-packages", "image.yaml", *sources)
    expect([package["name"] for package in packages] == ["p-0"], packages)
    expect("digraph" in result(bench, "image", "dot", "image.yaml", *sources)["dot"], "dot")
    expect(result(bench, "image", "lock", "image.yaml", *sources) == {"written": ["image.lock.json"]}, "lock")
    expect(result(bench, "image", "minirootfs", "image.yaml", "root.tar", *sources) == {"written": ["root.tar"]}, "minirootfs")


def what_recipes_say(bench):
    """plans and what packages say are texts in a value"""
    recipe = bench.recipe(RECIPE)
    expect(result(bench, "compile", "--arch", "x86_64", "--plan", recipe)["plan"].startswith("package p-0"), "plan")
    repository = make_repository(bench)
    told = result(bench, "scan", "--arch", "x86_64", "-r", repository, recipe)
    expect(told["package"] == "p-0" and "pkgname = p-0" in told["pkginfo"], told)


def what_fails(bench):
    """a failure is an event with a code, for wrong calls too"""
    for words, status, code in ((["show", "nowhere.apk"], 4, "not-found"), (["--nonsense"], 2, "usage"), (["image"], 2, "usage")):
        done = bench.run("--format", "json", *words, status=status)
        told = [json.loads(line) for line in done.stderr.splitlines()]
        expect(not done.stdout and told[-1]["event"] == "error" and told[-1]["code"] == code, done.stderr)


def paths_that_are_no_text(bench):
    """a path need not be UTF-8"""
    odd = os.fsdecode(b"key-\xff.rsa")
    made = result(bench, "keygen", "--key-size", "2048", odd)
    expect((bench.folder / odd).exists() and made["private"].startswith("key-"), made)
    repository = make_repository(bench)
    (bench.folder / "image.yaml").write_text(IMAGE)
    archive = os.fsdecode(b"image-\xff.tar")
    words = ("image", "build", "image.yaml", "x:1", archive, "--arch", "x86_64", "-r", repository, "-k", "key.rsa.pub")
    expect(result(bench, *words)["digest"] and (bench.folder / archive).exists(), "no image")


main([what_was_written, what_images_are, what_recipes_say, what_fails, paths_that_are_no_text])
