#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""make_readme.py [--check]: writes README.md from the definitions beside this file, or says that it is out of date.

Reads the plain subset of YAML in which the definitions are written: two spaces a level, one key a line.
"""
import os
import re
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))

HEAD = """# Built-in pipelines

A step of a recipe names one of these by `uses:` and gives inputs by `with:`. A definition of the same name in `--pipeline-dir` wins.
`needs` are the packages that a step adds to the build environment. An input without a default is empty, unless it is required.

How values get to a script: each definition lists the inputs that its scripts read in `environment`, as `INPUT_NAME`; in built-in
definitions (and only there) `${{…}}` in these texts is replaced. So a value is data, whatever it holds, and is split into words only where
a script says so. Paths such as `${{targets.contextdir}}` are made of package names, which hold no character that a shell knows, and stand
in double quotes. The inputs of the last table are pasted into the script instead, because recipes rely on the shell reading them.

`fetch` and `git-checkout` are done by quern itself, outside of the guest (`native:`, a key that is read in built-in definitions only).

A step with `downloads: {into: FOLDER, locks: [FILE]}` runs with the network and fills the folder, which is below /home/build; what it got is
kept by its lock files, and is there for the steps behind it, which have no network. `of-environment: true` keeps it by the packages of the build
environment too, where no lock file says all. Definitions and recipes may use it; `compile` and the `.melange.yaml` of packages show it.

Written by `make_readme.py` from the definitions; a test checks that it is up to date.
"""


def scalar(text):
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def read(path):
    """The parts of a definition that are listed."""
    definition = {"needs": [], "inputs": {}, "native": "", "description": ""}
    section = current = ""
    for line in open(path, encoding="utf-8"):
        match = re.match(r"( *)([A-Za-z0-9_-]+):(?: (.*))?$", line.rstrip("\n"))
        item = re.match(r"    - (.*)$", line)
        if item and section == "needs":
            definition["needs"].append(scalar(item.group(1)))
        if not match:
            continue
        depth, key, value = len(match.group(1)) // 2, match.group(2), scalar(match.group(3) or "")
        if depth == 0:
            section = key
            if key in ("name", "description", "native"):
                definition[key] = value
        elif section == "inputs" and depth == 1:
            current = definition["inputs"].setdefault(key, {})
        elif section == "inputs" and depth == 2:
            current[key] = value
    return definition


def cell(text):
    return text.replace("|", "\\|")


def code(text):
    return "`%s`" % cell(text) if text else ""


def definitions():
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            if name.endswith(".yaml"):
                yield read(os.path.join(folder, name))


def render():
    found = sorted(definitions(), key=lambda d: d["name"].encode())
    out = [HEAD, "| pipeline | does | needs |", "| --- | --- | --- |"]
    for d in found:
        needs = ", ".join(code(n) for n in d["needs"])
        out.append("| %s%s | %s | %s |" % (code(d["name"]), " (native)" if d["native"] else "", cell(d["description"]), needs))
    out += ["", "## Inputs", "", "| pipeline | input | default | meaning |", "| --- | --- | --- | --- |"]
    for d in found:
        for name, entry in d["inputs"].items():
            default = "required" if entry.get("required") == "true" else code(entry.get("default", ""))
            out.append("| %s | %s | %s | %s |" % (code(d["name"]), code(name), default, cell(entry.get("description", ""))))
    out += ["", "## Inputs that are pasted into a script", "", "| pipeline | input | reason |", "| --- | --- | --- |"]
    for d in found:
        for name, entry in d["inputs"].items():
            if "pasted" in entry:
                out.append("| %s | %s | %s |" % (code(d["name"]), code(name), cell(entry["pasted"])))
    return "\n".join(out) + "\n"


def main():
    path = os.path.join(FOLDER, "README.md")
    text = render()
    if sys.argv[1:] != ["--check"]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        print("pipelines/README.md is out of date: run pipelines/make_readme.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
