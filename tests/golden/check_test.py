#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What `quern check` prints for each recipe of golden/check, and that every id of a diagnostic has a golden case.

NAME.before is the recipe in the last commit. QUERN_ACCEPT=1 writes the expected files anew; the cases are skipped then.
"""
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SOURCE

CASES = SOURCE / "tests/golden/check"
ACCEPT = os.environ.get("QUERN_ACCEPT") == "1"
INDEX = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:zlib-dev\nV:1.2-r0\nA:x86_64\nS:1\nI:1\nT:t\np:so:libz.so.1=1\n\n"
# Made by parts of the program that this test does not reach.
ELSEWHERE = {
    "no-shell-check": "only where there is no bash",
    "unreadable-pipeline": "needs a file that cannot be read, which root always can",
    "pipeline-limit": "needs a large recipe: unit test of pipeline",
}


def git(folder, *words):
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True,
                   env={"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"})


def prepare(folder):
    """A repository of packages, and one of recipes in which some have changed since."""
    shutil.copytree(CASES, folder, dirs_exist_ok=True)
    index = folder / "repository/x86_64/APKINDEX.tar.gz"
    index.parent.mkdir(parents=True)
    with tarfile.open(index, "w:gz") as archive:
        entry = tarfile.TarInfo("APKINDEX")
        entry.size = len(INDEX)
        archive.addfile(entry, io.BytesIO(INDEX.encode()))
    for before in folder.glob("*.before"):
        shutil.copy(before, before.with_suffix(".yaml"))
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "before")
    for recipe in CASES.glob("*.yaml"):
        shutil.copy(recipe, folder)


def run_case(folder, name, *flags):
    command = [QUERN, "check", "--arch", "x86_64", "--pipeline-dir", "definitions", "--cache-root", folder / "cache", *flags, f"{name}.yaml"]
    if name == "needs":
        command += ["--ignore-signatures", "-r", "repository"]
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return f"{done.stdout}status {done.returncode}\n"


def run_check(folder, *words):
    command = [QUERN, "check", "--arch", "x86_64", "--no-history", *words]
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


def directory_stands_for_its_recipes(folder):
    """a directory stands for its recipes, in the order of their names; a pipe is none, which nobody writes in"""
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    status, printed = run_check(folder, "--no-shell-check", "--pipeline-dir", "definitions", ".")
    told = [line.split(":")[0] for line in printed.splitlines() if re.match(r"\./\S+:\d+:\d+: (error|warning)", line)]
    recipes = [name for name in told if name.count("/") == 1]
    return status == 1 and recipes == sorted(recipes) and len(set(recipes)) >= 7 and "pipe.yaml" not in printed and "folder.yaml" not in printed


def warnings_fail_if_strict(folder):
    """warnings fail only with --strict"""
    words = ("--pipeline-dir", "definitions", "unused.yaml")
    return run_check(folder, *words)[0] == 0 and run_check(folder, "--strict", *words)[0] == 1


def sarif_has_rules_and_places(folder):
    """a SARIF log names the rule and the place of each finding"""
    status, printed = run_check(folder, "--sarif", "--pipeline-dir", "definitions", "scripts.yaml", "unused.yaml")
    log = json.loads(printed)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    places = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run["results"]]
    return (status == 1 and log["version"] == "2.1.0" and len(run["results"]) == 8 and min(places) > 0
            and all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"]))


def json_has_one_object_a_line(folder):
    """with --format json each line is one finding"""
    _, printed = run_check(folder, "--format", "json", "--pipeline-dir", "definitions", "unused.yaml")
    return [json.loads(line)["id"] for line in printed.splitlines()] == ["unused-variable", "unused-variable", "unused-range", "unused-input"]


def missing_recipe_is_told(folder):
    """a recipe that is not there is a finding like any other, and the status is that of a missing file"""
    status, printed = run_check(folder, "none.yaml", "allowed.yaml")
    return status == 4 and "cannot-read" in printed


BEHAVIOURS = [directory_stands_for_its_recipes, warnings_fail_if_strict, sarif_has_rules_and_places, json_has_one_object_a_line,
              missing_recipe_is_told]


def ids_in_sources():
    """Ids of diagnostics about recipes, by the source files of their layers."""
    found = set()
    for layer in ("yaml", "recipe", "pipeline", "cli"):
        for path in (SOURCE / "src" / layer).glob("*.cpp"):
            for match in re.finditer(r'(?:\berror|\bwarning|\breport|report_node)\(\s*"([a-z]+(?:-[a-z]+)+)"\s*,|\bid = (?:std::string\()?"([a-z-]+)"',
                                     path.read_text(encoding="utf-8")):
                found.add(match[1] or match[2])
    return found


def ids_in_goldens():
    files = [*CASES.glob("*.expected"), *(SOURCE / "tests/golden/diagnostics").glob("*.expected")]
    return {found for path in files for found in re.findall(r" \[([a-z-]+)\]$", path.read_text(encoding="utf-8"), re.M)}


def main():
    names = sorted(path.stem for path in CASES.glob("*.yaml"))
    print(f"1..{len(names) + len(BEHAVIOURS) + 1}")
    failed = False
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        prepare(folder)
        for number, name in enumerate(names, 1):
            actual, expected = run_case(folder, name), CASES / f"{name}.expected"
            if ACCEPT:
                expected.write_text(actual, encoding="utf-8")
                print(f"ok {number} - {name} # SKIP accepted")
            elif expected.exists() and expected.read_text(encoding="utf-8") == actual:
                print(f"ok {number} - {name}")
            else:
                failed = True
                print(f"not ok {number} - {name}\n# " + actual.replace("\n", "\n# "))
        for number, behaviour in enumerate(BEHAVIOURS, len(names) + 1):
            holds = behaviour(folder)
            failed |= not holds
            print(f"{'ok' if holds else 'not ok'} {number} - {behaviour.__doc__}")
    missing = ids_in_sources() - ids_in_goldens() - set(ELSEWHERE)
    failed |= bool(missing)
    print(f"{'not ok' if missing else 'ok'} {len(names) + len(BEHAVIOURS) + 1} - every id has a golden case {' '.join(sorted(missing))}")
    return 1 if failed else 0


sys.exit(main())
