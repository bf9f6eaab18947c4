#!/usr/bin/python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Whole processes: the start of quern, compile of a page, and builds in an environment that is cached.

usage: process_bench.py --quern PROGRAM --seed REPOSITORY --seed-key FILE --key FILE --scratch DIR [--runs N]

Prints one line of JSON: for each kind of call the least and the median time of the clock, and the least of the processors, the
children's included; milliseconds. The kinds take turns, so that other work on the machine meets all of them. What the compiler
takes itself is the difference between `build_c` and `build_without_compiler`, which does all but compile.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
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


def write_recipes(scratch):
    recipes = {
        "shell": ("busybox", "true"),
        "c": ("build-base", COMPILE),
        "without_compiler": ("build-base", COPY),
    }
    for name, (environment, step) in recipes.items():
        with open(os.path.join(scratch, name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(RECIPE.format(name="bench-" + name.replace("_", "-"), environment=environment, step=step))


def calls(arguments):
    scratch = os.path.abspath(arguments.scratch)
    quern = os.path.abspath(arguments.quern)

    def build(name):
        return [
            quern, "build", os.path.join(scratch, name + ".yaml"), "--arch", "x86_64", "--quiet",
            "--cache-root", os.path.join(scratch, "cache"), "--repository-append", arguments.seed,
            "--keyring-append", arguments.seed_key, "--signing-key", arguments.key,
            "--out-dir", os.path.join(scratch, "packages"), "--git-commit", "0" * 40,
        ]

    return {
        "version": [quern, "version"],
        "compile": [quern, "compile", os.path.join(scratch, "shell.yaml"), "--arch", "x86_64"],
        "build_shell": build("shell"),
        "build_c": build("c"),
        "build_without_compiler": build("without_compiler"),
    }


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(argv):
    before = processor_seconds()
    start = time.perf_counter()
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
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
    times = {kind: [] for kind in calls(arguments)}
    for run in range(arguments.runs + 1):
        for kind, argv in calls(arguments).items():
            spent = measure(argv)
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
