#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What `quern check` prints for each recipe of golden/check, and that every id of a diagnostic has a golden case.

NAME.before is the recipe in the last commit. QUERN_ACCEPT=1 writes the expected files anew; the cases are skipped then.
"""
import io
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
    print(f"1..{len(names) + 1}")
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
    missing = ids_in_sources() - ids_in_goldens() - set(ELSEWHERE)
    failed |= bool(missing)
    print(f"{'not ok' if missing else 'ok'} {len(names) + 1} - every id has a golden case {' '.join(sorted(missing))}")
    return 1 if failed else 0


sys.exit(main())
