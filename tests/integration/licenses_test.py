#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Licences of sources: license-check of recipes, packages and trees, its --fix, and what a build says at its end."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import SOURCE, STATE, Skip, expect, main

TEXTS = SOURCE / "tests/unit/package/licenses"
RECIPE = """# a comment
package:
  name: gear
  version: "1.0"
  epoch: 0
  copyright:
    - license: MIT  # as the page says
      attestation: Copyright 2020 A. Miller

pipeline:
  - runs: mkdir -p ${{targets.destdir}}/usr/share; echo x > ${{targets.destdir}}/usr/share/gear
environment: {contents: {packages: [busybox]}}
"""


def text(name):
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def sources(bench, recipe=RECIPE, **files):
    """A recipe with a folder of sources beside it that has its name."""
    path = bench.recipe(recipe, "gear.yaml")
    for name, content in files.items():
        place = path.parent / "gear" / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    return path


def check(bench, *words, **options):
    return bench.run("license-check", "--cache-root", bench.folder / "cache", *words, **options)


def agrees(bench):
    """a recipe that states what its sources hold is told so, with confidence, and nothing is wrong"""
    path = sources(bench, LICENSE=text("MIT"), third__COPYING="Ask the miller.\n")
    done = check(bench, path)
    expect(done.stdout == "LICENSE:1: MIT (confidence 1.00)\nthird/COPYING: no known licence\n", done.stdout)
    expect("recipe states" not in done.stderr, done.stderr)
    expect(check(bench, "--strict", "--fix", path).stdout == done.stdout and path.read_text() == RECIPE, "it was changed")


def missing(bench):
    """what is not there is told with what can be named"""
    for target in ("no.yaml", "no.apk", "no"):
        done = check(bench, target, status=4)
        expect(f"there is no {target}" in done.stderr and "name a recipe" in done.stderr, done.stderr)


def differs(bench):
    """a difference is a warning, and a failure with --strict only"""
    path = sources(bench, LICENSE=text("ISC").replace("provided", "given"))
    done = check(bench, path)
    expect("ISC (confidence 0.99; 2 words differ, the first at line 2)" in done.stdout, done.stdout)
    expect("LICENSE:1 is ISC (confidence 0.99); the recipe states MIT" in done.stderr, done.stderr)
    expect("detection-override" in check(bench, "--strict", path, status=1).stderr, "no advice")
    quiet = sources(bench, RECIPE.replace("license: MIT", "{license: MIT, detection-override: ISC}").replace("  # as the page says\n      attestation: Copyright 2020 A. Miller", ""))
    check(bench, "--strict", quiet)


def fixes(bench):
    """--fix changes no byte but those of the copyright, and the recipe then states what was found"""
    path = sources(bench, LICENSE=text("MIT"), src__COPYING=text("Zlib"))
    check(bench, "--fix", path)
    wanted = RECIPE.replace("A. Miller\n", "A. Miller\n    - license: Zlib\n      license-path: src/COPYING\n")
    expect(path.read_text() == wanted, path.read_text())
    check(bench, "--strict", path)
    path.write_text(RECIPE)
    check(bench, "--fix", "--format", "simple", path)
    expect(path.read_text() == RECIPE.replace("license: MIT", "license: MIT AND Zlib"), path.read_text())
    path.write_text("package: {name: gear, version: '1', epoch: 0, copyright: [{license: MIT}, {license: ISC}]}\n")
    refused = check(bench, "--fix", path, status=4)
    expect("write it yourself: copyright: [{license: MIT}" in refused.stderr and "license: Zlib" in refused.stderr, refused.stderr)


def trees(bench):
    """a directory or a file is looked at by itself; deep looks everywhere; JSON has the numbers"""
    path = sources(bench, a__b__c__d__LICENSE=text("BSD-3-Clause"))
    tree = path.parent / "gear"
    expect(check(bench, tree).stdout == "no files of licences\n", "found in shallow mode")
    expect("a/b/c/d/LICENSE:1: BSD-3-Clause" in check(bench, "--scan-type", "deep", tree).stdout, "not found")
    told = json.loads(check(bench, "--format", "json", tree / "a/b/c/d/LICENSE").stdout)
    expect([(match["license"], match["confidence"]) for match in told["files"][0]["licenses"]] == [("BSD-3-Clause", 1.0)], told)
    check(bench, "--fix", tree, status=2)
    check(bench, bench.folder / "missing", status=4)


def at_build_end(bench):
    """a build warns of licences that the recipe does not state, and license-check reads the package's recipe"""
    if not (STATE / "seed").exists():
        raise Skip("there is no seed: run examples/quickstart")
    path = sources(bench, LICENSE=text("ISC"))
    done = bench.build(path, "--source-dir", path.parent / "gear", "--out-dir", bench.folder / "packages")
    expect("licence: LICENSE:1 is ISC (confidence 1.00); the recipe states MIT" in done.stderr, done.stderr)
    package = bench.folder / "packages/x86_64/gear-1.0-r0.apk"
    expect(check(bench, package).stdout == "no files of licences\n", "a package without fetch steps has no sources")


main([missing, agrees, differs, fixes, trees, at_build_end])
