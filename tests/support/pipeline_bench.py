# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the built-in pipelines share: sources beside a recipe, building it, and looking into its packages."""
import json
import re

HEAD = "package: {name: probe, version: '1.0', epoch: 0, copyright: [{license: MIT}]}\nenvironment: {contents: {packages: [%s]}}\n"


def write_sources(bench, files):
    """Files beside the recipe, which the workspace starts with."""
    for name, text in files.items():
        path = bench.folder / "recipe" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def build(bench, recipe, *words):
    """{name: path} of the packages of a recipe."""
    done = bench.build(bench.recipe(recipe), *words, "--format", "json", "--out-dir", bench.folder / "packages")
    return {package["name"]: package["path"] for package in json.loads(done.stdout)["packages"]}


def paths_of(bench, package):
    """Files and links of a package, without its SBOM."""
    lines = bench.run("show", "--files", package).stdout.splitlines()
    shown = [re.match(r"  ([-hlcbdp])[-rwx]{9} *(?:\+\d+ )?\d+:\d+ +\d+ (.*?)(?: -> .*)?$", line) for line in lines]
    return {entry[2] for entry in shown if entry and entry[1] != "d" and not entry[2].startswith("var/lib/db/sbom/")}
