#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong is told with its place, its cause and the next move; nothing published changes and nothing is left behind."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SOURCE, STATE, build_flags, digests, expect, main

HEAD = "package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\nenvironment: {contents: {packages: [busybox]}}\n"


def leftovers(cache):
    """Workspaces and mounts that a build forgot."""
    workspaces = list((cache / "workspaces").glob("build-*")) if (cache / "workspaces").exists() else []
    mounts = [line for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if str(cache) in line]
    return workspaces + mounts


def fails(bench, recipe, status, *mentions, words=(), env=None):
    """Builds, expects the status and every mention on stderr, and nothing published."""
    cache = bench.folder / "cache"
    done = bench.build(recipe, *words, status=status, env={"QUERN_CACHE_DIR": str(cache), **(env or {})})
    for mention in mentions:
        expect(mention in done.stderr, f"does not say {mention!r}:\n{done.stderr}")
    expect(not list((bench.folder / "packages").rglob("*")), "something was published")
    expect(not leftovers(cache), f"left behind: {leftovers(cache)}")
    return done.stderr


def a_failing_step(bench):
    """a failing step shows its last lines, the log, the recipe's line and how to go on."""
    recipe = bench.recipe(HEAD + "pipeline:\n  - name: count\n    runs: |\n      seq 1 60\n      echo so far >&2\n      false\n")
    text = fails(bench, recipe, 3, "step 'count'", "near line 3 of its script: false", f"{recipe}:5", "exit status 1", "so far", "--interactive", ".log")
    expect("| 21\n" not in text and "| 22\n" in text, f"not the last 40 lines:\n{text}")


def a_missing_program(bench):
    """a program that is not there asks for its package, and names those that have it."""
    fails(bench, bench.recipe(HEAD + "pipeline: [{runs: bison --version}]\n"), 3, "'bison' is in bison", "contents.packages")
    fails(bench, bench.recipe(HEAD + "pipeline: [{runs: nosuchprogram}]\n"), 3, "nosuchprogram", "127", "contents.packages")


def a_missing_need(bench):
    """a package that is not to be had is told with the step whose definition needs it."""
    (bench.folder / "own").mkdir()
    (bench.folder / "own/tool.yaml").write_text("name: tool\nneeds:\n  packages: [busybox, nosuchpackage]\npipeline:\n  - runs: 'true'\n")
    recipe = bench.recipe(HEAD + "pipeline:\n  - runs: 'true'\n  - uses: tool\n")
    line = len(HEAD.splitlines()) + 3
    done = bench.build(recipe, "--pipeline-dirs", bench.folder / "own", status=1)
    expect(f"{recipe}:{line}: step 'tool' of probe asks for nosuchpackage ({bench.folder}/own/tool.yaml:3)" in done.stderr, done.stderr)
    recipe = bench.recipe(HEAD.replace("[busybox]", "[nosuchpackage]") + "pipeline: [{runs: 'true'}]\n")
    done = bench.build(recipe, status=1)
    expect(f"{recipe}:" in done.stderr and " asks for nosuchpackage\n" in done.stderr, done.stderr)


def directories_that_are_not_there(bench):
    """directories of definitions and caches that are not there are warned of, and the build goes on."""
    recipe = bench.recipe(HEAD + "pipeline: [{runs: 'mkdir -p ${{targets.destdir}}'}]\n")
    flags = ("three" if word == STATE / "sources" else word for word in build_flags())
    done = bench.run("build", recipe, *flags, "--pipeline-dir", "one", "--pipeline-dirs", "two")
    for name in ("--pipeline-dir one", "--pipeline-dirs two", "--cache-dir three"):
        expect(f"warning: {name}: there is no such directory" in done.stderr, done.stderr)
    done = bench.run("check", recipe, "--pipeline-dir", "one", "--pipeline-dirs", bench.folder)
    expect(done.stderr.count("no such directory") == 1, done.stderr)
    expect("no such directory" not in bench.build(recipe).stderr, "warned of what is there, or was not named")


def a_guest_without_a_shell(bench):
    """an environment without a shell says which package has one."""
    fails(bench, bench.recipe(HEAD.replace("[busybox]", "[]") + "pipeline: [{runs: 'true'}]\n"), 4, "/bin/sh", "contents.packages", "busybox")


def a_wrong_recipe(bench):
    """a wrong recipe shows every mistake with line, column and caret."""
    recipe = bench.recipe("package:\n  name: probe\n  version: '1'\n  epcoh: 0\npipeline:\n  - uses: fetchh\n    with: {a: b}\n")
    text = fails(bench, recipe, 1, "epcoh", f"{recipe}:4:3: error:", "epoch", "^~")
    expect("quern: error:" in text, "no closing line")


def an_unknown_pipeline(bench):
    """an unknown pipeline is named with what was meant."""
    fails(bench, bench.recipe(HEAD + "pipeline: [{uses: fetchh}]\n"), 1, "unknown pipeline 'fetchh'", "did you mean 'fetch'")


def a_missing_package(bench):
    """a package that is nowhere is named."""
    recipe = bench.recipe(HEAD.replace("[busybox]", "[busybox, no-such-thing]") + "pipeline: [{runs: 'true'}]\n")
    fails(bench, recipe, 1, "no-such-thing")


def a_wrong_checksum(bench):
    """a wrong checksum shows both and keeps nothing."""
    source = next((STATE / "sources").glob("sha256:*"))
    served = bench.folder / "www"
    served.mkdir()
    (served / "x.tar.gz").write_bytes(source.read_bytes())
    server = subprocess.Popen([sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], cwd=served,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = re.search(r"port (\d+)", server.stdout.readline())[1]
        recipe = bench.recipe(HEAD.replace("[busybox]", "[busybox, wget]") + "pipeline:\n  - uses: fetch\n    with:\n"
                              f"      uri: http://127.0.0.1:{port}/x.tar.gz\n      expected-sha256: {'0' * 64}\n")
        fails(bench, recipe, 5, "0" * 64, source.name.split(":")[1])
    finally:
        server.kill()
        server.wait()


def a_wrong_key(bench):
    """a seed signed by a key that is not trusted is refused."""
    bench.run("keygen", "--key-size", "2048", "other.rsa")
    recipe = bench.recipe(HEAD + "pipeline: [{runs: 'true'}]\n")
    cache = {"QUERN_CACHE_DIR": str(bench.folder / "cache")}
    done = bench.run("build", recipe, "--arch", "x86_64", "-r", STATE / "seed", "-k", "other.rsa.pub", status=5, env=cache)
    expect("seed" in done.stderr and "key" in done.stderr, done.stderr)


def a_signing_key_that_is_none(bench):
    """garbage as signing key is refused before anything runs."""
    (bench.folder / "bad.rsa").write_text("garbage")
    recipe = bench.recipe(HEAD + "pipeline: [{runs: 'true'}]\n")
    done = bench.run("build", recipe, "-r", STATE / "seed", "-k", STATE / "seed.rsa.pub", "--signing-key", "bad.rsa", status=4)
    expect("bad.rsa" in done.stderr and "garbage" not in done.stderr, done.stderr)


def an_interrupt(bench):
    """an interrupt ends the steps within two seconds and leaves nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        recipe = bench.recipe(HEAD + "pipeline: [{runs: \"echo started; trap '' TERM INT; while :; do sleep 1; done\"}]\n")
        cache = bench.folder / "cache"
        child = subprocess.Popen([QUERN, "-v", "build", recipe, *map(str, build_flags())], cwd=bench.folder, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, text=True, env={**os.environ, "QUERN_CACHE_DIR": str(cache)})
        seen = ""
        while "started" not in seen:
            line = child.stderr.readline()
            expect(line, f"ended early:\n{seen}")
            seen += line
        sent = time.monotonic()
        child.send_signal(number)
        rest = child.stderr.read()
        expect(child.wait(timeout=30) == 130, f"exit {child.returncode}: {rest}")
        expect(time.monotonic() - sent < 2.5, f"took {time.monotonic() - sent:.1f} s")
        expect(not leftovers(cache), f"left behind: {leftovers(cache)}")


def work_that_does_not_listen(bench):
    """a stop ends also work that cannot be interrupted: the key would take minutes."""
    with subprocess.Popen([QUERN, "keygen", "--key-size", "16384", bench.folder / "large.rsa"], stdout=subprocess.PIPE) as child:
        try:
            child.communicate(timeout=1)  # past the start
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGTERM)
        expect(child.wait(timeout=60) in (130, 0), f"ended with {child.returncode}")
    expect(child.returncode == 0 or not list(bench.folder.glob("large*")), "half a key was written")


def the_guest_sees_no_host(bench):
    """a step sees neither the network, nor the environment, nor the files of the host."""
    canary = bench.folder / "canary"
    canary.write_text("secret")
    steps = (f"test ! -e {canary}; test ! -e {SOURCE}/README.md; ! env | grep CANARY; ! ip route get 1.1.1.1; "
             "! wget -T 2 -q http://127.0.0.1:1/; test \"$(ls /proc | grep -c '^[0-9]')\" -lt 12; echo clean")
    recipe = bench.recipe(HEAD + f"pipeline:\n  - runs: |\n      {steps}\n")
    bench.build(recipe, env={"CANARY": "x", "QUERN_CACHE_DIR": str(bench.folder / "cache")})


def usage(bench):
    """wrong calls say what is right."""
    expect("--help" in bench.run("build", "--no-such-flag", status=2).stderr, "no pointer to --help")
    bench.run("nosuchcommand", status=2)
    said = bench.run("build", "x.yaml", "--runner", "nosuch", status=2).stderr
    expect("nosuch not in {auto,bubblewrap,chroot,docker,podman}" in said, said)
    bench.run("build", "absent.yaml", status=4)
    bench.run("compile", status=2)
    expect("usage" not in bench.run("--help").stderr, "help on stderr")


def flags_without_a_purpose(bench):
    """flags that would do nothing, as what they are about is not asked for, are refused."""
    (bench.folder / "some.apk").touch()
    recipe = bench.recipe(HEAD + "pipeline:\n  - runs: 'true'\n")
    for words, missing in (
        (("build", recipe, "--junit", "results.xml"), "--test"),
        (("build", recipe, "--jobs", "4"), "--test"),
        (("build", recipe, "--fail-fast"), "--test"),
        (("build", recipe, "--test-package-append", "sed"), "--test"),
        (("explain", "sed", "bash", "--index", "absent", "--build-option", "ssl"), "--recipe"),
        (("explain", "sed", "bash", "--index", "absent", "--pipeline-dirs", "pipelines"), "--recipe"),
        (("index", "some.apk", "--keep", "2"), "--prune"),
        (("verify", "--ignore-signatures", "--closed", "some.apk"), "directory of the repository"),
        (("verify", "--ignore-signatures", "--with-repository", STATE / "seed", "some.apk"), "directory of the repository"),
    ):
        said = bench.run(*words, status=2).stderr
        expect(missing in said.split("help:")[-1], f"{words}: {said}")


def a_published_repository_stays(bench):
    """a failed build changes nothing of a repository that is there."""
    good = bench.recipe(HEAD + "pipeline: [{runs: 'true'}]\n")
    bench.build(good)
    before = digests(bench.folder / "packages")
    bad = bench.recipe(HEAD + "pipeline: [{runs: 'false'}]\n", "bad.yaml")
    bench.build(bad, status=3)
    expect(digests(bench.folder / "packages") == before, "the repository changed")


main([a_failing_step, a_missing_program, a_missing_need, directories_that_are_not_there, a_guest_without_a_shell, a_wrong_recipe, an_unknown_pipeline, a_missing_package, a_wrong_checksum, a_wrong_key,
      a_signing_key_that_is_none, an_interrupt, work_that_does_not_listen, the_guest_sees_no_host, usage, flags_without_a_purpose, a_published_repository_stays])
