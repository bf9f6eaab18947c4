#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""README command 1, from whatever is there to hello running in a scratch root."""
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import SOURCE, STATE, digests, expect, judge_repository, main


def quickstart():
    done = subprocess.run([SOURCE / "examples" / "quickstart"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    expect(done.returncode == 0, done.stdout + done.stderr)
    return done.stdout


def builds_and_runs_hello(_bench):
    """quickstart builds GNU hello from its release tarball and runs it."""
    expect("Hello, world!" in quickstart(), "hello did not greet")
    expect((STATE / "packages/x86_64/hello-doc-2.10-r0.apk").exists(), "there is no hello-doc")


def does_nothing_twice(_bench):
    """quickstart run again makes nothing new."""
    before = digests(STATE / "packages") | digests(STATE / "seed" / "x86_64")
    start = time.monotonic()
    quickstart()
    print(f"# second run: {time.monotonic() - start:.2f} s")
    expect(before == digests(STATE / "packages") | digests(STATE / "seed" / "x86_64"), "files changed")


def packages_pass_the_judge(bench):
    """an independent judge finds nothing wrong with the packages."""
    judge_repository(bench, STATE / "packages/x86_64", STATE / "hello.rsa.pub")


def seed_passes_the_judge(bench):
    """an independent judge finds nothing wrong with the seed."""
    judge_repository(bench, STATE / "seed/x86_64", STATE / "seed.rsa.pub")


main([builds_and_runs_hello, does_nothing_twice, packages_pass_the_judge, seed_passes_the_judge])
