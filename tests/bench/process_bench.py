#!/usr/bin/python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Whole processes: the start of quern, compile of a page, and builds in an environment that is cached.

usage: process_bench.py --quern PROGRAM --seed REPOSITORY --seed-key FILE --key FILE --scratch DIR [--runs N]

Prints one line of JSON: for each kind of call the least and the median time of the clock, and the least of the processors, the
children's included; milliseconds. The kinds take turns, so that other work on the machine meets all of them. Builds run every step
(--fresh) but for `build_unchanged`, which finds nothing to do, and `restart`, which finds the first 49 of 100 steps done, runs the
next one and fails there. `resolve` has never read the index, `resolve_again` finds the table that `resolve` made of it. What the
compiler takes itself is the difference between `build_c` and `build_without_compiler`, which does all but compile; what a step
costs is a 99th of that between `hundred_steps` and `one_step`.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import time

RECIPE = """package:
  name: {name}
  version: "1.0"
  epoch: 0
  description: a recipe of the usual length, for measurements
  url: https://example.org/{name}
  copyright:
    - license: MIT
  dependencies:
    runtime:
      - busybox
environment:
  contents:
    packages:
      - {environment}
      - busybox
vars:
  directory: usr/share/{name}
pipeline:
  - name: make it
    runs: |
      mkdir -p "${{{{targets.destdir}}}}/${{{{vars.directory}}}}" "${{{{targets.destdir}}}}/usr/bin"
      echo "${{{{package.name}}}} ${{{{package.version}}}}" > "${{{{targets.destdir}}}}/${{{{vars.directory}}}}/version"
      {step}
subpackages:
  - name: ${{{{package.name}}}}-doc
    description: what can be read about it
    pipeline:
      - runs: |
          mkdir -p "${{{{targets.subpkgdir}}}}/usr/share/doc/{name}"
          echo "read the source" > "${{{{targets.subpkgdir}}}}/usr/share/doc/{name}/README"
update:
  enabled: false
"""

COMPILE = """echo 'int main(void) { return 0; }' > one.c
      cc -O2 -o "${{targets.destdir}}/usr/bin/one" one.c"""
COPY = """cp /bin/busybox "${{targets.destdir}}/usr/bin/one" """


STEPS = """package:
  name: bench-{name}
  version: "1.0"
  epoch: 0
  description: steps that do nothing, for measurements
  copyright:
    - license: MIT
environment:
  contents:
    packages:
      - busybox
pipeline:
"""


def write_steps(scratch, name, scripts):
    with open(os.path.join(scratch, name + ".yaml"), "w", encoding="utf-8") as file:
        file.write(STEPS.format(name=name.replace("_", "-")))
        file.writelines(f"  - name: step {number}\n    runs: '{script}'\n" for number, script in enumerate(scripts, 1))


def write_restart(scratch, run):
    """Each run has another step 50."""
    write_steps(scratch, "restart", ["true"] * 49 + [f"exit 1 # {run}"] + ["true"] * 50)


def write_recipes(scratch):
    write_steps(scratch, "one_step", ["true"])
    write_steps(scratch, "hundred_steps", ["true"] * 100)
    recipes = {
        "shell": ("busybox", "true"),
        "c": ("build-base", COMPILE),
        "without_compiler": ("build-base", COPY),
    }
    for name, (environment, step) in recipes.items():
        with open(os.path.join(scratch, name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(RECIPE.format(name="bench-" + name.replace("_", "-"), environment=environment, step=step))


def write_repository(scratch, quern, key, packages=5000):
    """A signed index of a distribution: each package needs libraries of some before it, and provides a library and commands.
    Gives a world whose answer has about 200 packages."""
    entries = []
    for i in range(packages):
        version = f"{i % 7}.{i % 101}-r{i % 5}"
        needs = " ".join(f"so:lib{i * k // 7 * 2 % (i // 2 + 1)}.so.1" for k in range(1, 7)) if i else ""
        provides = " ".join([f"so:lib{i}.so.1=1.{i % 9}"] + [f"cmd:tool-{i}-{k}={version}" for k in range(4)])
        checksum = base64.b64encode(hashlib.sha1(str(i).encode()).digest()).decode()
        entries.append(f"C:Q1{checksum}\nP:package-{i:05}\nV:{version}\nA:x86_64\nS:100000\nI:300000\n"
                       "T:a package of the usual size for measurements, with a sentence about it\n"
                       f"U:https://example.org/package-{i:05}\nL:Apache-2.0\no:package-{i:05}\nt:1700000000\nc:{'c' * 40}\n"
                       f"D:{needs}\np:{provides}\n")
    text = ("\n".join(entries) + "\n").encode()
    path = os.path.join(scratch, "distribution", "x86_64", "APKINDEX.tar.gz")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("DESCRIPTION", b""), ("APKINDEX", text)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    subprocess.run([quern, "sign-index", "--signing-key", key, path], check=True, stdout=subprocess.DEVNULL)
    return [f"package-{i:05}" for i in range(0, 37 * 28, 37)]


def calls(arguments):
    scratch = os.path.abspath(arguments.scratch)
    quern = os.path.abspath(arguments.quern)

    def build(name, *flags):
        return [
            quern, "build", os.path.join(scratch, name + ".yaml"), "--arch", "x86_64", "--quiet",
            "--cache-root", os.path.join(scratch, "cache"), "--repository-append", arguments.seed,
            "--keyring-append", arguments.seed_key, "--signing-key", arguments.key,
            "--out-dir", os.path.join(scratch, "packages"), "--git-commit", "0" * 40, *flags,
        ]

    resolve = [
        quern, "resolve", "--arch", "x86_64", "--cache-root", os.path.join(scratch, "tables"),
        "-r", os.path.join(scratch, "distribution"), "-k", arguments.key + ".pub", *arguments.world,
    ]
    return {
        "version": [quern, "version"],
        "compile": [quern, "compile", os.path.join(scratch, "shell.yaml"), "--arch", "x86_64", "--no-shell-check"],
        "compile_and_shell_check": [quern, "compile", os.path.join(scratch, "shell.yaml"), "--arch", "x86_64"],
        "build_shell": build("shell", "--fresh"),
        "build_unchanged": build("shell"),
        "build_c": build("c", "--fresh"),
        "build_without_compiler": build("without_compiler", "--fresh"),
        "one_step": build("one_step", "--fresh"),
        "hundred_steps": build("hundred_steps", "--fresh"),
        "restart": build("restart"),
        "resolve": resolve,
        "resolve_again": resolve,
    }


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(argv, wanted=0):
    before = processor_seconds()
    start = time.perf_counter()
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != wanted:
        sys.stderr.buffer.write(done.stdout)
        sys.exit(f"this failed: {' '.join(argv)}")
    return seconds * 1000, (processor_seconds() - before) * 1000


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--quern", "--seed", "--seed-key", "--key", "--scratch"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    os.makedirs(arguments.scratch, exist_ok=True)
    write_recipes(arguments.scratch)
    arguments.world = write_repository(arguments.scratch, os.path.abspath(arguments.quern), arguments.key)
    times = {kind: [] for kind in calls(arguments)}
    for run in range(arguments.runs + 1):
        write_restart(arguments.scratch, run)
        for kind, argv in calls(arguments).items():
            if kind == "resolve":
                shutil.rmtree(os.path.join(arguments.scratch, "tables"), ignore_errors=True)
            spent = measure(argv, 3 if kind == "restart" else 0)
            if run > 0:  # the first one fills the cache
                times[kind].append(spent)
    result = {"bench": "process", "runs": arguments.runs}
    for kind, spent in times.items():
        clock = [one for one, _ in spent]
        result[kind] = {
            "least_ms": round(min(clock), 1),
            "median_ms": round(statistics.median(clock), 1),
            "processor_ms": round(min(one for _, one in spent), 1),
        }
    print(json.dumps(result))


main()
