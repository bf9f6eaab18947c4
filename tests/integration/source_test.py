#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""`source get` makes a repository of a recipe's source with its patches as commits; `source pop` makes patches of commits."""
import hashlib
import io
import os
import pathlib
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pipeline_bench import write_sources
from web import Web
from workbench import expect, main

PATCH = "--- a/text\n+++ b/text\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
FETCH = """package: {name: probe, version: '1', epoch: 0}
pipeline:
  # Where it comes from.
  - uses: fetch
    with:
      uri: URI
      expected-sha256: SHA
  - uses: patch
    with:
      patches: shout.patch
  - runs: exit 1 # no script is run
"""


def git(folder, *words):
    """git with an identity and none of the machine's settings."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main", *words], cwd=folder,
                          check=True, capture_output=True, text=True, env=env).stdout


def source(bench, *words, status=0):
    return bench.run("source", *words, status=status, env={"QUERN_CACHE_DIR": str(bench.folder / "cache"), "XDG_CACHE_HOME": str(bench.folder)})


def archive():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        info = tarfile.TarInfo("probe-1/text")
        info.size = 14
        tar.addfile(info, io.BytesIO(b"one\ntwo\nthree\n"))
    return data.getvalue()


def commit(copy, old, new, subject):
    text = (copy / "text").read_text()
    (copy / "text").write_text(text.replace(old, new))
    git(copy, "commit", "-qam", subject)


def from_a_cache(bench):
    """without a network the archive is taken from --cache-dir by its digest."""
    digest = hashlib.sha256(archive()).hexdigest()
    (bench.folder / "kept").mkdir()
    (bench.folder / "kept" / f"sha256:{digest}").write_bytes(archive())
    write_sources(bench, {"shout.patch": PATCH})
    recipe = bench.recipe(FETCH.replace("URI", "https://example.org/probe-1.tar.gz").replace("SHA", digest))
    source(bench, "get", recipe, "--offline", status=4)
    source(bench, "get", recipe, "--offline", "--cache-dir", bench.folder / "kept")
    expect((bench.folder / "source/probe/text").read_text() == "one\nTWO\nthree\n", "it is not patched")


def of_an_archive(bench):
    """an archive's patches are commits; new commits are patches of the recipe, which get gives again."""
    (bench.folder / "served").mkdir()
    (bench.folder / "served/probe-1.tar.gz").write_bytes(archive())
    write_sources(bench, {"shout.patch": PATCH})
    with Web(bench.folder / "served") as web:
        recipe = bench.recipe(FETCH.replace("URI", web.url("/probe-1.tar.gz")).replace("SHA", hashlib.sha256(archive()).hexdigest()))
        copy = bench.folder / "source/probe"
        expect(source(bench, "get", recipe).stdout.strip() == str(copy), "another place")
        expect((copy / "text").read_text() == "one\nTWO\nthree\n", "it is not patched")
        expect(git(copy, "log", "--format=%s").split("\n")[:2] == ["shout", "probe 1"], git(copy, "log"))
        expect(not (copy / "probe-1.tar.gz").exists(), "the archive is in it")
        expect("is there already" in source(bench, "get", recipe, status=2).stderr, "overwritten")
        (copy / "text").write_text("x")
        expect("no commit" in source(bench, "pop", recipe, status=2).stderr, "lost")
        git(copy, "checkout", "-q", "text")
        commit(copy, "three", "3", "Count")
        source(bench, "pop", recipe)
        text = recipe.read_text()
        expect("      patches: |\n        0001-shout.patch\n        0002-Count.patch\n  - runs" in text and "# Where" in text, text)
        source(bench, "get", recipe, "-o", "again")
        again = bench.folder / "again/probe"
        expect((again / "text").read_text() == (copy / "text").read_text(), "another text")
        expect(git(again, "log", "--format=%s", "-2") == git(copy, "log", "--format=%s", "-2"), git(again, "log"))


def of_a_repository(bench):
    """of a git checkout too; a step that applies them is added behind it; nothing that the source names is run."""
    upstream = bench.folder / "upstream"
    upstream.mkdir()
    git(upstream, "init", "-q")
    (upstream / "text").write_text("one\ntwo\nthree\n")
    (upstream / ".gitattributes").write_text("text filter=evil\n")
    git(upstream, "add", ".")
    git(upstream, "commit", "-qm", "first")
    git(upstream, "tag", "v1")
    head = git(upstream, "rev-parse", "HEAD").strip()
    recipe = bench.recipe(f"package: {{name: probe, version: '1', epoch: 0}}\npipeline:\n  - uses: git-checkout\n    with:\n"
                          f"      repository: {upstream}\n      tag: v1\n      expected-commit: {head}\n      destination: src\n")
    (bench.folder / "recipe/probe").mkdir()
    source(bench, "get", recipe)
    copy = bench.folder / "source/probe"
    commit(copy, "two", "2", "Count")
    source(bench, "pop", recipe)
    expect(recipe.read_text().endswith("      destination: src\n  - uses: git-am\n    working-directory: src\n    with:\n"
                                       "      patches: ../0001-Count.patch\n"), recipe.read_text())
    expect("Subject: [PATCH] Count" in (bench.folder / "recipe/probe/0001-Count.patch").read_text(), "no patch")
    source(bench, "get", recipe, "-o", "again")
    expect((bench.folder / "again/probe/text").read_text() == "one\n2\nthree\n", "not applied")


def wrong_switches(bench):
    """a switch of git-checkout that is neither true nor false is a mistake, not false: it may be a check that is off."""
    for name in ("recurse-submodules", "shallow-submodules", "expected-commit-is-branch-tip"):
        recipe = bench.recipe("package: {name: probe, version: '1', epoch: 0}\npipeline:\n  - uses: git-checkout\n    with:\n"
                              f"      repository: {bench.folder / 'none'}\n      tag: v1\n      {name}: 'yes'\n")
        said = source(bench, "get", recipe, status=1).stderr
        expect(f"{name} is neither true nor false: 'yes'" in said and f"write '{name}: true'" in said, said)


def what_does_not_apply(bench):
    """a patch that does not apply, or lies outside, is named, and nothing is left."""
    (bench.folder / "served").mkdir()
    (bench.folder / "served/probe-1.tar.gz").write_bytes(archive())
    with Web(bench.folder / "served") as web:
        text = FETCH.replace("URI", web.url("/probe-1.tar.gz")).replace("SHA", hashlib.sha256(archive()).hexdigest())
        for name, content in (("shout.patch", PATCH.replace("two", "2")), ("../../outside.patch", PATCH), ("none.patch", None),
                              ("shout.patch", PATCH.replace("b/text", "b/../../../planted").replace("a/text", "a/../../../planted"))):
            if content:
                write_sources(bench, {"shout.patch": content})
            recipe = bench.recipe(text.replace("shout.patch", name))
            done = source(bench, "get", recipe, status=4)
            expect(name in done.stderr, done.stderr)
            expect(not list((bench.folder / "source").iterdir()), "something is left")


def mirrors(bench):
    """where the address of a source has not got it, its mirrors are asked in order; what they give is checked."""
    for folder, content in (("wrong", b"something else"), ("right", archive())):
        (bench.folder / "served" / folder).mkdir(parents=True)
        (bench.folder / "served" / folder / "probe-1.tar.gz").write_bytes(content)
    with Web(bench.folder / "served") as web:
        places = [f"/{folder}/probe-1.tar.gz" for folder in ("gone", "wrong", "right", "unasked")]
        uri = f"{web.url(places[0])}\n      mirrors: |\n        {web.url(places[1])} {web.url(places[2])}\n        {web.url(places[3])}"
        text = FETCH.replace("URI", uri).replace("SHA", hashlib.sha256(archive()).hexdigest()).replace("shout.patch", "none.patch")
        (bench.folder / "recipe").mkdir()
        (bench.folder / "recipe/none.patch").write_text(PATCH)
        source(bench, "get", bench.recipe(text))
        expect([path for path, _ in web.requests] == places[:3], f"asked for {web.requests}")


def without_source(bench):
    """a recipe that gets no tree is told what is missing and where its files are edited."""
    head = "package: {name: probe, version: '1', epoch: 0}\n"
    recipe = bench.recipe(head + "pipeline: [{runs: 'true'}]\n")
    for action in ("get", "pop"):
        said = source(bench, action, recipe, status=4).stderr
        expect("'pipeline' has no git-checkout step, and no fetch step" in said and "files beside the recipe are edited" in said, said)
    recipe.write_text(head + FETCH[FETCH.index("pipeline:"):].replace("SHA", "0" * 64).replace("URI", "https://x.invalid/x\n      extract: false"))
    expect("do not unpack what they get (extract: false)" in source(bench, "get", recipe, status=4).stderr, "another reason")


main([without_source, from_a_cache, mirrors, of_an_archive, of_a_repository, wrong_switches, what_does_not_apply])
