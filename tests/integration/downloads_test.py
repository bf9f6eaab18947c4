#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Steps that declare downloads get them once, with the network; the steps behind them have none, and later builds are offline."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pipeline_bench import write_sources
from web import Web
from workbench import digests, expect, main

RECIPE = """package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox, wget]}%s}
pipeline:
  - uses: get
    with: {url: "%s"}
  - runs: |
      mkdir -p "${{targets.destdir}}"
      cp .kept/get/got "${{targets.destdir}}/got"
      ! wget -T 3 --tries=1 -O /dev/null "%s" 2>&1
"""
DEFINITION = """inputs: {url: {required: true}}
pipeline:
  - name: getting
    downloads: {into: .kept/get, locks: [lock]}
    runs: wget -nv --tries=1 -O .kept/get/got "${{inputs.url}}"
"""
USER = ", accounts: {run-as: build, users: [{username: build, uid: 1000, gid: 1000}], groups: [{groupname: build, gid: 1000}]}"


class Case:
    """A recipe whose step gets a file from a server of the test."""

    def __init__(self, bench, more=""):
        self.bench = bench
        served = bench.folder / "served"
        served.mkdir()
        (served / "file").write_text("from outside\n")
        self.web = Web(served)
        (bench.folder / "definitions").mkdir()
        (bench.folder / "definitions/get.yaml").write_text(DEFINITION)
        write_sources(bench, {"lock": "one\n"})
        url = self.web.url("/file")
        self.recipe = bench.recipe(RECIPE % (more, url, url))

    def build(self, out, *words, status=0):
        return self.bench.build(self.recipe, "--pipeline-dir", "definitions", "--out-dir", out, "--fresh", *words, status=status,
                                env={"QUERN_CACHE_DIR": str(self.bench.folder / "cache")}).stderr

    def packages(self, out):
        return digests(self.bench.folder / out)


def second_build_is_offline(bench):
    """what a step downloads is kept by its lock file; the next build asks nobody and makes the same bytes."""
    case = Case(bench)
    with case.web:
        said = case.build("cold")
        expect('"getting" of probe has the network' in said, said)
        expect([path for path, _ in case.web.requests] == ["/file"], f"asked for {case.web.requests}")
    for word in ((), ("--offline",)):
        said = case.build("warm", *word)
        expect("has the network" not in said, said)
        expect(case.packages("cold") == case.packages("warm"), "the cache changed the packages")


def lock_file_decides(bench):
    """another lock file is another download, and --offline says that it is missing."""
    case = Case(bench)
    with case.web:
        case.build("first")
        (bench.folder / "recipe/lock").write_text("two\n")
        said = case.build("second", "--offline", status=3)
        expect("not in the cache, and --offline is given" in said, said)
        expect(not (bench.folder / "second").exists() or not case.packages("second"), "something was published")
        expect(len(case.web.requests) == 1, f"asked for {case.web.requests}")
        case.build("second")
        expect(len(case.web.requests) == 2, f"asked for {case.web.requests}")


def damage_is_found(bench):
    """one flipped byte in a kept download is found: it is downloaded again."""
    case = Case(bench)
    with case.web:
        case.build("first")
        records = list((bench.folder / "cache/downloads").iterdir())
        expect(len(records) == 1, f"kept: {records}")
        kept = bench.folder / "cache/content" / records[0].read_text().strip()
        content = bytearray(kept.read_bytes())
        content[content.index(b"from outside")] ^= 1
        kept.chmod(0o644)
        kept.write_bytes(content)
        case.build("second")
        expect(len(case.web.requests) == 2, f"asked for {case.web.requests}")
        expect(case.packages("first") == case.packages("second"), "other bytes")


def nothing_is_kept_of_a_failure(bench):
    """a download that fails is the build's failure, and nothing of it is kept."""
    case = Case(bench)
    case.web.fault = lambda path: ("status", 404)
    with case.web:
        said = case.build("first", status=3)
        expect("step 'getting' of probe" in said and "404" in said, said)
        expect(not (bench.folder / "cache/downloads").exists(), "something was kept")
        case.web.fault = lambda path: None
        case.build("first")


def for_users(bench):
    """a step that runs as a user of the guest may write its downloads, kept ones too."""
    case = Case(bench, USER)
    text = case.recipe.read_text().replace("  - runs: |\n", "  - runs: |\n      echo mine >> .kept/get/got; touch .kept/get/new .kept/new\n")
    case.recipe.write_text(text)
    with case.web:
        case.build("cold")
    case.build("warm")
    expect(case.packages("cold") == case.packages("warm"), "the cache changed the packages")


main([second_build_is_offline, lock_file_decides, damage_is_found, nothing_is_kept_of_a_failure, for_users])
