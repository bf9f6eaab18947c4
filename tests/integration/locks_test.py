#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Locks: the exact packages of a recipe's environment, written down, used, compared and renewed; and the cache below them."""
import contextlib
import fcntl
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import index, lock, make_packages, make_repository, recipe
from web import Web
from workbench import expect, main


def read_lock(bench):
    return json.loads((bench.folder / "recipe/melange.lock.json").read_text())


def written(bench):
    """a lock names every package by content, every key by fingerprint, and is the same from any cache."""
    repository = make_repository(bench)
    with Web(repository) as web:
        done = lock(bench, web.url())
        expect(done.stdout.strip().endswith("melange.lock.json"), done.stdout)
        first = read_lock(bench)
        lock(bench, web.url())
        expect(read_lock(bench) == first, "twice is not the same")
        lock(bench, web.url(), "--offline")
        expect(read_lock(bench) == first, "offline is not the same")
    packages = first["contents"]["packages"]
    expect([package["name"] for package in packages] == ["p-0", "p-1", "p-2"], packages)
    for package in packages:
        content = (repository / "x86_64" / package["url"].rsplit("/")[-1]).read_bytes()
        last = int(package["data"]["range"].split("-")[1])
        expect(last == len(content) - 1 and package["data"]["checksum"].startswith("sha256-"), package)
    expect(len(first["contents"]["keyring"][0]["fingerprint"]) == 64, first["contents"]["keyring"])
    expect(first["contents"]["worlds"] == [{"architecture": "x86_64", "packages": ["p-0", "p-1", "p-2"]}], first["contents"])


def renewed(bench):
    """a lock that would change is kept until --update, which says what changed; --check only says."""
    repository = make_repository(bench)
    words = ("--arch", "x86_64", "--cache-root", "cache", "-r", repository, "-k", "key.rsa.pub")
    lock(bench, repository)
    before = read_lock(bench)
    make_packages(repository / "x86_64", "p", 1, version="2-r0", key=bench.folder / "key.rsa")
    index(bench, repository / "x86_64", repository / "x86_64")
    path = recipe(bench, "p-0", "p-1", "p-2")
    for flags, status in ((("--check",), 1), ((), 2)):
        done = bench.run("lock", path, *words, *flags, status=status)
        expect("package p-0 (x86_64): 1-r0" in done.stderr and "-> 2-r0" in done.stderr, done.stderr)
        expect(read_lock(bench) == before, "it was written")
    done = bench.run("lock", path, *words, "--update")
    expect(done.stdout.startswith("package p-0 (x86_64): 1-r0") and done.stdout.count("\n") == 1, done.stdout)
    expect(read_lock(bench)["contents"]["packages"][0]["version"] == "2-r0", "not renewed")
    bench.run("lock", path, *words, "--check")
    done = bench.run("lock", recipe(bench, "p-0"), *words, "--check", status=1)
    expect("asked for p-1 (x86_64): removed" in done.stderr, done.stderr)


def unverified(bench):
    """a lock tells that signatures of indexes were ignored, and is then no answer for who wants them checked."""
    repository = make_repository(bench)
    lock(bench, repository, "--ignore-signatures")
    expect(read_lock(bench)["contents"]["ignore_signatures"] is True, "it is not told")
    path = bench.folder / "recipe" / "melange.yaml"
    words = ("--arch", "x86_64", "--cache-root", "cache", "-r", repository, "-k", "key.rsa.pub")
    done = bench.run("lock", path, *words, "--check", status=1)
    expect("signatures of indexes ignored: removed" in done.stderr, done.stderr)
    bench.run("lock", path, *words, "--check", "--ignore-signatures")
    lock(bench, repository)
    expect("ignore_signatures" not in read_lock(bench)["contents"], "it is told though they were checked")


def several_architectures(bench):
    """a lock of several architectures keeps them apart."""
    repository = make_repository(bench)
    (repository / "aarch64").mkdir()
    crafted = bench.folder / "key.rsa"
    expect(crafted.exists(), "no key")
    done = bench.run("lock", recipe(bench, "p-0"), "--arch", "x86_64,aarch64", "--cache-root", "cache", "-r", repository, "-k", "key.rsa.pub",
                     status=1)
    expect("p-0" in done.stderr, done.stderr)


def cache_commands(bench):
    """du tells what is kept, gc drops what was not used for longest, clean drops all; none breaks the next run."""
    repository = make_repository(bench, count=3, size=100_000)
    with Web(repository) as web:
        lock(bench, web.url())
        areas = {area["name"]: area for area in json.loads(bench.run("cache", "du", "--cache-root", "cache", "--format", "json").stdout)}
        expect(areas["packages"]["files"] == 3 and areas["packages"]["bytes"] > 300_000, areas)
        bench.run("cache", "gc", "--max-size", "250k", "--cache-root", "cache")
        expect(len(list((bench.folder / "cache/packages").iterdir())) == 2, "not two left")
        lock(bench, web.url())
        bench.run("cache", "clean", "--cache-root", "cache")
        expect(not [path for path in (bench.folder / "cache").rglob("*") if path.is_file()], "not clean")
        lock(bench, web.url())
        asked = len([path for path, _ in web.requests if path.endswith("apk")])
        lock(bench, web.url(), "--parallel-downloads", "1", "--max-package-cache-bytes", "120k")
        expect(len([path for path, _ in web.requests if path.endswith("apk")]) == asked, "asked for what is there")
    bench.run("cache", "gc", "--max-size", "much", "--cache-root", "cache", status=2)
    bench.run("cache", "clean", "--cache-root", "none-there")
    (bench.folder / "home/packages").mkdir(parents=True)
    (bench.folder / "home/letters").mkdir()
    (bench.folder / "home/packages/mine").write_text("x")
    for action in ("clean", "gc"):
        done = bench.run("cache", action, "--max-size", "0", "--cache-root", "home", status=2)
        expect("folder letters" in done.stderr and "nothing was removed" in done.stderr, done.stderr)
    expect((bench.folder / "home/packages/mine").exists(), "a folder that is no cache was cleaned")


def cache_trees(bench):
    """gc and clean drop mirrors, layers of steps, caches of languages and logs as well, but none that a running command holds."""
    cache = bench.folder / "trees"
    files = ["git/one.git/pack", "git/two.git/pack", "languages/0-1/go/mod", "languages/0-1-recipes/a/npm/mod", "logs/a.log", "snapshots/key/boot",
             "snapshots/key/layer/file", "seed/debs/x.deb", "seed/lock", "failed/file", "changes-x/file"]

    def run(action, *held):
        for path in files:
            (cache / path).parent.mkdir(parents=True, exist_ok=True)
            (cache / path).write_bytes(b"x" * 50_000)
        with contextlib.ExitStack() as locks:
            for path in held:
                (cache / path).parent.mkdir(parents=True, exist_ok=True)
                fcntl.flock(locks.enter_context(open(cache / path, "w")), fcntl.LOCK_SH)
            done = bench.run("cache", action, "--max-size", "0", "--cache-root", cache, "--format", "json")
        areas = {area["name"]: area["bytes"] for area in json.loads(done.stdout)}
        return done.stderr, areas, [path for path in files if (cache / path).exists()]

    locks = ["git/two.lock", "languages/0-1/.go.lock", "snapshots/lock", "seed/lock"]
    held = ["git/two.git/pack", "languages/0-1/go/mod", "snapshots/key/boot", "snapshots/key/layer/file", "seed/debs/x.deb", "seed/lock"]
    said, areas, left = run("gc", *locks)
    expect(left == [path for path in files if path in held or path.startswith(("failed", "changes"))], left)
    expect(areas["git"] > 40_000 and areas["logs"] > 40_000 and areas["languages"] > 40_000 and areas["snapshots"] == 0, areas)
    for name in ("git", "languages", "snapshots", "seed"):
        expect(f"{name}: what running commands use is left" in said, said)
    left = run("clean", *locks)[2]
    expect(left == [path for path in files if path in held or path.startswith("changes")], left)
    left = run("gc")[2]
    expect(left == ["seed/lock", "failed/file", "changes-x/file"], left)
    os.utime(cache / "changes-x", (1, 1))
    bench.run("cache", "gc", "--cache-root", cache)
    expect(not (cache / "changes-x").exists(), "what a killed build left is there")


def fresh_indexes(bench):
    """an index that has not changed is not sent again."""
    repository = make_repository(bench)
    with Web(repository) as web:
        lock(bench, web.url())
        lock(bench, web.url())
        asked = [headers for path, headers in web.requests if path.endswith("gz")]
    expect(len(asked) == 2 and "If-None-Match" not in asked[0] and "If-None-Match" in asked[1], asked)


main([written, renewed, unverified, several_architectures, cache_commands, cache_trees, fresh_indexes])
