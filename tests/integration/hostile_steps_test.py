#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Steps and outputs that mean no good (attacks M14 to M16, S9): refused by name or taken as they are, bounded, and nothing is left."""
import os
import pathlib
import resource
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, STATE, build_flags, expect, main

HEAD = "package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\nenvironment: {contents: {packages: [busybox]}}\n"
LIMIT_BYTES = 400 << 20


def build(bench, script, *words):
    """Builds in a cache of the bench's own with a bound on memory; gives the finished process."""
    recipe = bench.recipe(HEAD + "pipeline:\n  - runs: |\n" + "".join(f"      {line}\n" for line in script.splitlines()))
    done = subprocess.run([str(QUERN), "build", str(recipe), *map(str, build_flags()), *words], cwd=bench.folder, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=120, check=False, env={**os.environ, "QUERN_CACHE_DIR": str(bench.folder / "cache")})
    left = list((bench.folder / "cache/workspaces").glob("build-*"))
    expect(not left, f"left behind: {left}")
    staged = [path for path in (bench.folder / "packages").glob("*") if path.name != "x86_64"]
    expect(not staged, f"left behind: {staged}")
    return done


def files(bench):
    """What the package holds, one line an entry."""
    return bench.run("show", "--files", bench.folder / "packages/x86_64/probe-1-r0.apk").stdout


def much_output(bench):
    """200 MB on one line and every byte value are taken in bounded memory, and nothing of it is raw on a terminal."""
    done = build(bench, "tr '\\0' x < /dev/zero | head -c 200000000\nawk 'BEGIN { for (i = 0; i < 256; ++i) printf \"%c\", i }'\nfalse")
    expect(done.returncode == 3, f"exit {done.returncode}: {done.stderr[-2000:]}")
    expect(b"\x1b" not in done.stderr and b"\x07" not in done.stderr and len(done.stderr) < 1 << 20, done.stderr[-2000:])
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    expect(used < LIMIT_BYTES, f"{used >> 20} MiB were used")


def an_output_folder_that_is_a_link(bench):
    """a link in place of the output folder leads nowhere outside of the guest."""
    for target in ("/etc", "/", "../../../../../../etc"):
        done = build(bench, f"rm -rf /home/build/melange-out/probe\nln -s {target} /home/build/melange-out/probe")
        expect(done.returncode != 0, f"{target}: was published")
        expect(b"melange-out/probe" in done.stderr, done.stderr)
        done = build(bench, f"rm -rf /home/build/melange-out\nln -s {target} /home/build/melange-out")
        expect(done.returncode != 0, f"{target}: was published")


def links_to_the_host(bench):
    """links to anywhere stay links, and their targets are never read."""
    done = build(bench, "cd ${{targets.destdir}}\nln -s /etc/shadow a\nln -s ../../../../../../etc/passwd b\nln -s /proc/self/environ c")
    expect(done.returncode == 0, done.stderr)
    listed = files(bench)
    for name in ("a", "b", "c"):
        expect(any(f" {name} " in f" {line} " or line.split("->")[0].strip().endswith(name) for line in listed.splitlines()), listed)


def odd_files(bench):
    """FIFOs, sockets and devices are refused by name or kept, and never opened; folders of mode 000 are read."""
    for script, name in (("mkfifo ${{targets.destdir}}/odd", b"odd"), ("mknod ${{targets.destdir}}/odd p", b"odd")):
        done = build(bench, script)
        expect(done.returncode == 0 or name in done.stderr, done.stderr)
    done = build(bench, "cd ${{targets.destdir}}\nmkdir shut\necho x > shut/file\nchmod 000 shut shut/file")
    expect(done.returncode == 0, done.stderr)
    expect("shut/file" in files(bench), files(bench))


def odd_names(bench):
    """names with line breaks or broken UTF-8 put no line of their own in any list."""
    done = build(bench, "cd ${{targets.destdir}}\ntouch \"$(printf 'a\\nF:etc')\" \"$(printf 'b\\377')\" \"$(printf '\\033[31mred')\"")
    expect(done.returncode in (0, 1, 4), done.stderr)
    if done.returncode == 0:
        expect("\x1b" not in files(bench) and "\nF:etc" not in files(bench), files(bench))


def a_daemon(bench):
    """a process that goes on writing after its step is dead when the output is read."""
    done = build(bench, "cd ${{targets.destdir}}\n(setsid sh -c 'while :; do echo x >> grows; done' &) >/dev/null 2>&1\nsleep 1")
    expect(done.returncode == 0, done.stderr)
    bench.run("verify", "-k", STATE / "hello.rsa.pub", bench.folder / "packages/x86_64/probe-1-r0.apk")


def suicides(bench):
    """a step that kills all it can, its shell, or stops itself fails cleanly."""
    for script in ("kill -9 -1", "kill -9 $$", "kill -TERM $$"):
        done = build(bench, script)
        expect(done.returncode == 3, f"{script}: exit {done.returncode}: {done.stderr}")


def a_hard_link_to_the_root(bench):
    """a hard link to a file of the guest's root is a file of its own in the package."""
    done = build(bench, "mkdir ${{targets.destdir}}/x\nln /etc/passwd ${{targets.destdir}}/x/passwd || cp /etc/passwd ${{targets.destdir}}/x/passwd")
    expect(done.returncode == 0, done.stderr)
    expect("x/passwd" in files(bench), files(bench))


main([much_output, an_output_folder_that_is_a_link, links_to_the_host, odd_files, odd_names, a_daemon, suicides, a_hard_link_to_the_root])
