#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""`image build --build-recipes`: recipes that are out of date are built in the order of their needs, and are in the image."""
import hashlib
import json
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import STATE, Skip, expect, main

TOOL = """package: {name: tool, version: '1', epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox]}}
pipeline:
  - runs: |
      mkdir -p "${{targets.destdir}}/usr/bin"
      printf '#!/bin/sh\\necho WORD\\n' > "${{targets.destdir}}/usr/bin/tool"
      chmod 755 "${{targets.destdir}}/usr/bin/tool"
"""
APP = """package: {name: app, version: '1', epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox]}}
pipeline: [{uses: use-tool}]
"""
USE_TOOL = """needs: {packages: [tool]}
pipeline:
  - runs: mkdir -p "${{targets.destdir}}/usr/share" && tool > "${{targets.destdir}}/usr/share/app"
"""
OTHER = """package: {name: other, version: '1', epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox]}}
pipeline: [{runs: 'mkdir -p "${{targets.destdir}}/usr/share" && echo other > "${{targets.destdir}}/usr/share/other"'}]
"""


def write(bench, name, text):
    path = bench.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def recipes(bench):
    """`app`, whose pipeline needs `tool`, stands in front of it; `other` stands alone."""
    if not (STATE / "seed").exists():
        raise Skip("examples/quickstart has not run here")
    write(bench, "recipes/app.yaml", APP)
    write(bench, "recipes/other/melange.yaml", OTHER)
    write(bench, "recipes/tool/melange.yaml", TOOL.replace("WORD", "one"))
    write(bench, "pipelines/use-tool.yaml", USE_TOOL)
    write(bench, "recipes/image.yaml", "contents: {packages: [app]}\n")


def build(bench, *words, folder="recipes", status=0):
    return bench.run("--format", "json", "--cache-root", bench.folder / "cache", "image", "build", "recipes/image.yaml", "app:1", "app.tar", "--arch", "x86_64",
                     "--sbom=false", "--build-recipes", folder, "--pipeline-dirs", "pipelines", "--out-dir", "packages", "--signing-key", STATE / "hello.rsa",
                     "-b", STATE / "seed", "-k", STATE / "seed.rsa.pub", *words, status=status)


def built(done):
    return {pathlib.Path(each["recipe"]).parts[1]: not each["unchanged"] for each in json.loads(done.stdout)["recipes"]}


def file_in_image(bench, path):
    with tarfile.open(bench.folder / "app.tar") as outer:
        for name in json.load(outer.extractfile("manifest.json"))[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name), mode="r:gz") as layer:
                if path in layer.getnames():
                    return layer.extractfile(path).read().decode()
    return None


def in_order(bench):
    """a recipe is built behind what its pipeline needs, and its package is in the image."""
    recipes(bench)
    answer = json.loads(build(bench).stdout)
    expect([pathlib.Path(each["recipe"]).parts[1] for each in answer["recipes"]] == ["tool", "app.yaml", "other"], f"{answer['recipes']}")
    expect(file_in_image(bench, "usr/share/app") == "one\n", "the file is not in the image")
    expect(file_in_image(bench, "usr/share/other") is None, "what the image does not name is in it")
    expect(sorted(path.name for path in (bench.folder / "packages/x86_64").glob("*.apk")) == ["app-1-r0.apk", "other-1-r0.apk", "tool-1-r0.apk"],
           "other packages are in the repository")


def only_what_changed(bench):
    """a second call builds nothing; a changed recipe is built, and what was built with it, and the image."""
    recipes(bench)
    build(bench)
    again = build(bench)
    expect(built(again) == {"tool": False, "app.yaml": False, "other": False} and json.loads(again.stdout)["unchanged"], again.stdout)
    write(bench, "recipes/tool/melange.yaml", TOOL.replace("WORD", "two"))
    changed = build(bench)
    expect(built(changed) == {"tool": True, "app.yaml": True, "other": False}, f"{built(changed)}")
    expect(not json.loads(changed.stdout)["unchanged"], changed.stdout)
    expect(file_in_image(bench, "usr/share/app") == "two\n", "the image has the old file")


def folders(bench):
    """several folders and a working directory: paths start there, sources come from a folder by their checksum."""
    recipes(bench)
    source = b"from the source cache"
    checksum = hashlib.sha256(source).hexdigest()
    write(bench, f"sources/sha256:{checksum}", source.decode())
    write(bench, "more/app.yaml", APP.replace("app", "fetched").replace(
        "[{uses: use-tool}]", f"[{{uses: fetch, with: {{uri: 'https://none.invalid/f', expected-sha256: {checksum}, extract: 'false'}}}}, "
                              "{runs: 'mkdir -p \"${{targets.destdir}}/usr/share\" && cp f \"${{targets.destdir}}/usr/share/fetched\"'}]"))
    write(bench, "recipes/image.yaml", "contents: {packages: [app, fetched]}\n")
    (bench.folder / "elsewhere").mkdir()
    done = bench.run("--format", "json", "--cache-root", bench.folder / "cache", "image", "build", "-C", bench.folder, "recipes/image.yaml", "app:1", "app.tar", "--arch",
                     "x86_64", "--sbom=false", "--build-recipes", "recipes,more", "--build-recipes", "more", "--pipeline-dirs", "pipelines", "--source-cache", "sources",
                     "--signing-key", STATE / "hello.rsa", "-b", STATE / "seed", "-k", STATE / "seed.rsa.pub", cwd=bench.folder / "elsewhere")
    expect([each["recipe"] for each in json.loads(done.stdout)["recipes"]]
           == ["more/app.yaml", "recipes/tool/melange.yaml", "recipes/app.yaml", "recipes/other/melange.yaml"], done.stdout)
    expect(file_in_image(bench, "usr/share/fetched") == source.decode() and (bench.folder / "packages/x86_64").exists(), "it is not in the image")
    expect(not list((bench.folder / "elsewhere").iterdir()), "something is in the caller's folder")


def failures(bench):
    """a recipe that fails, is wrong or part of a circle ends the call: no image, a clear message."""
    recipes(bench)
    write(bench, "recipes/tool/melange.yaml", TOOL.replace("mkdir", "exit 3; mkdir"))
    message = build(bench, status=1).stderr
    expect("tool" in message and not (bench.folder / "app.tar").exists(), message)
    write(bench, "recipes/tool/melange.yaml", TOOL.replace("epoch", "epcoh"))
    expect("epcoh" in build(bench, status=1).stderr, "the mistake is not named")
    write(bench, "recipes/tool/melange.yaml", TOOL.replace("packages: [busybox]", "packages: [busybox, app]"))
    message = build(bench, status=1).stderr
    expect("recipes need each other" in message and "app.yaml needs" in message, message)


def calls(bench):
    """without a key, or with a folder that has no recipe, nothing is done."""
    recipes(bench)
    done = bench.run("image", "build", "recipes/image.yaml", "app:1", "app.tar", "--arch", "x86_64", "--build-recipes", "recipes", status=1)
    expect("--signing-key" in done.stderr, done.stderr)
    done = bench.run("image", "build", "recipes/image.yaml", "app:1", "app.tar", "--arch", "x86_64", "--build-recipes", "recipes", "--signer", "false",
                     "-r", STATE / "seed", "-k", STATE / "seed.rsa.pub", status=1)
    expect("add --signer-key FILE.pub" in done.stderr, done.stderr)
    (bench.folder / "empty").mkdir()
    expect("no recipe in empty" in build(bench, folder="empty", status=1).stderr, "another message")


main([in_order, only_what_changed, folders, failures, calls])
