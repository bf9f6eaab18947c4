#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Everything goes wrong, again and again: after each round the store holds whole packages only, the repository is one that clients accept,
and the next run without a fault succeeds. QUERN_CHAOS_ROUNDS says how often; QUERN_CHAOS_SEED repeats a run."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import IO_FAULTS, index, make_packages, make_repository, recipe
from web import Web
from workbench import QUERN, Skip, expect, main

ROUNDS = int(os.environ.get("QUERN_CHAOS_ROUNDS", "60"))
SEED = int(os.environ.get("QUERN_CHAOS_SEED", "1"))
ENDED_WELL = (0, 4, 5)  # done, or a failure that was told


def run(words, cwd, env=None, kill_after=None, prefix=()):
    """Runs quern; gives its exit status, -9 if it was killed."""
    child = subprocess.Popen([*prefix, str(QUERN), *map(str, words)], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, **(env or {})})
    try:
        _, error = child.communicate(timeout=kill_after or 60)
    except subprocess.TimeoutExpired:
        child.kill()
        _, error = child.communicate()
        expect(kill_after, f"hangs: {words}")
    return child.returncode, error


def can_mount():
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


def faults(dice, number_of_calls):
    """Environment of a run whose file operations fail from a random one on."""
    return {"LD_PRELOAD": str(IO_FAULTS), "QUERN_FAULT_AT": str(dice.randrange(number_of_calls)),
            "QUERN_FAULT_COUNT": str(dice.choice([1, 1, 3, 1000])), "QUERN_FAULT_ERRNO": str(dice.choice([5, 28, 122]))}  # EIO ENOSPC EDQUOT


def full_disk(dice, cache, words, cwd):
    """Runs with the cache on a disk of random, too small size; what is there afterwards is copied back."""
    script = ('mount -t tmpfs -o size="$1" tmpfs "$2" && cp -a "$3/." "$2" 2>/dev/null; shift 3; "$@"; status=$?; '
              'rm -rf "$KEEP"; cp -a "$PLACE" "$KEEP"; exit $status')
    place = cache.with_name("small")
    place.mkdir(exist_ok=True)
    env = {"KEEP": str(cache), "PLACE": str(place)}
    size = f"{dice.randrange(8, 500)}k"
    words = [str(place) if word == cache else word for word in words]
    return run(words, cwd, env, prefix=("unshare", "-rm", "sh", "-c", script, "sh", size, str(place), str(cache)))


def check_store(bench, cache):
    objects = [path for path in (cache / "packages").glob("*.apk")] if (cache / "packages").exists() else []
    if objects:
        bench.run("verify", "--ignore-signatures", *objects)
    return len(objects)


def store(bench):
    """after kills, full disks, failing disks, liars and slow servers the store is whole, and heals."""
    dice = random.Random(SEED)
    repository = make_repository(bench, count=5, size=60_000)
    wanted = [f"p-{i}" for i in range(5)]
    cache = bench.folder / "cache"
    seen = {}
    with Web(repository) as web:
        words = ["lock", "--update", recipe(bench, *wanted), "--arch", "x86_64", "--cache-root", cache, "-r", web.url(), "-k", "key.rsa.pub"]
        start = time.monotonic()
        expect(run(words, bench.folder)[0] == 0, "does not even work once")
        lasted = time.monotonic() - start
        kinds = ["kill", "fault", "flip", "wrong", "cut", "slow", "status", "rot"] + (["disk"] if can_mount() else [])
        for number in range(ROUNDS):
            kind = kinds[number % len(kinds)]
            if dice.random() < 0.7:
                shutil.rmtree(cache, ignore_errors=True)
            victim = f"p-{dice.randrange(5)}-1-r0.apk"
            asked = []

            def lie(path, answer):
                if not path.endswith(victim) or asked:
                    return None
                asked.append(path)
                return answer

            env, kill_after, status = None, None, None
            if kind == "kill":
                kill_after = lasted * dice.random() * 1.2
            elif kind == "fault":
                env = faults(dice, 120)
            elif kind == "rot":
                for path in [path for path in cache.rglob("*") if path.is_file() and "packages" in path.parts or path.suffix == ".body"][:2]:
                    content = bytearray(path.read_bytes())
                    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
                    path.write_bytes(content)
            elif kind != "disk":
                answers = {"flip": ("flip", dice.randrange(60_000)), "wrong": ("bytes", b"\x1f\x8b not a package"),
                           "cut": ("cut", dice.randrange(60_000)), "slow": ("drip", 0.3), "status": ("status", dice.choice([404, 403, 503]))}
                web.fault = lambda path: lie(path, answers[kind])
            if kind == "disk":
                status, error = full_disk(dice, cache, words, bench.folder)
            else:
                status, error = run(words, bench.folder, env, kill_after)
            seen.setdefault(kind, set()).add(status)
            expect(status in ENDED_WELL or (kind == "kill" and status == -9), f"round {number}, {kind}: exit {status}\n{error}")
            expect(status != 0 or kind not in ("wrong", "flip") or not asked, f"round {number}: a lie was taken")
            web.fault = lambda path: None
            check_store(bench, cache)
            if number % 4 == 3:
                status, error = run(words, bench.folder)
                expect(status == 0, f"round {number}, after {kind}: does not heal: {error}")
                expect(check_store(bench, cache) == 5, f"round {number}: not five packages")
    print(f"# {ROUNDS} rounds, exit statuses {seen}")


def repository(bench):
    """after kills, full disks and failing disks while publishing the repository is old or new, and takes the next package."""
    dice = random.Random(SEED)
    folder = make_repository(bench, count=3)
    place = folder / "x86_64"
    fresh = [pathlib.Path(path) for path in make_packages(bench.folder / "in", "n", ROUNDS, 300, key=bench.folder / "key.rsa")]
    seen = {}
    start = time.monotonic()
    index(bench, place, "--merge", place / "p-0-1-r0.apk")
    lasted = time.monotonic() - start
    for number in range(ROUNDS):
        kind = ("kill", "fault")[number % 2]
        package = fresh[number].rename(place / fresh[number].name)
        words = ["index", "--merge", "--signing-key", "key.rsa", "-o", place / "APKINDEX.tar.gz", package]
        env = faults(dice, 25) if kind == "fault" else None
        status, error = run(words, bench.folder, env, lasted * dice.random() * 1.2 if kind == "kill" else None)
        seen.setdefault(kind, set()).add(status)
        expect(status in ENDED_WELL or (kind == "kill" and status == -9), f"round {number}, {kind}: exit {status}\n{error}")
        done = subprocess.run([QUERN, "verify", "-k", "key.rsa.pub", place], cwd=bench.folder, capture_output=True, text=True, check=False)
        wrong = [line for line in done.stdout.splitlines() if "BAD" in line and "no entry of the index names this file" not in line]
        expect(not wrong, f"round {number}, {kind}: {wrong}")
        expect(status != 0 or done.returncode == 0, f"round {number}: said to be done and is not: {done.stdout}")
        if status != 0:
            index(bench, place, "--merge", package)
            bench.run("verify", "-k", "key.rsa.pub", place)
    print(f"# {ROUNDS} rounds, exit statuses {seen}")


main([store, repository])
