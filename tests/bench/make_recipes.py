#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Writes recipes of the size and the habits of a distribution: make_recipes.py DIRECTORY [COUNT]. The same every time.

Half of them have 80 lines or more, the largest 2,000; they use built-in pipelines, vars, transforms, ranges, conditions, tests and updates.
"""
import pathlib
import random
import sys

USES = ["autoconf/configure", "autoconf/make", "autoconf/make-install", "cmake/configure", "cmake/build", "cmake/install",
        "meson/configure", "meson/compile", "meson/install", "strip"]
WORDS = "build library parser server client tools runtime codec daemon protocol format index cache shell image".split()


def head(random_, name, version):
    return f"""package:
  name: {name}
  version: "{version}"
  epoch: {random_.choice([0, 0, 0, 1, 2, 7])}
  description: {' '.join(random_.sample(WORDS, 4))}
  copyright:
    - license: {random_.choice(['MIT', 'Apache-2.0', 'GPL-2.0-or-later', 'BSD-3-Clause AND MIT'])}
  dependencies:
    runtime:
      - ca-certificates-bundle
      - {name}-libs=${{{{package.full-version}}}}

vars:
  major: "{version.split('.')[0]}"
  prefix: /usr

var-transforms:
  - from: ${{{{package.version}}}}
    match: ^(\\d+)\\.(\\d+).*
    replace: $1.$2
    to: major-minor

environment:
  contents:
    packages:
      - build-base
      - busybox
      - ca-certificates-bundle
      - {random_.choice(WORDS)}-dev
  environment:
    CGO_ENABLED: "0"
"""


def pipeline(random_, name):
    text = f"""
pipeline:
  - uses: git-checkout
    with:
      repository: https://example.org/{name}/{name}
      tag: v${{{{package.version}}}}
      expected-commit: {random_.getrandbits(160):040x}

  - uses: fetch
    with:
      uri: https://example.org/{name}-${{{{package.version}}}}.tar.gz
      expected-sha256: {random_.getrandbits(256):064x}
"""
    for uses in random_.sample(USES, random_.randint(1, 4)):
        text += f"\n  - uses: {uses}\n"
    return text + f"""
  - if: ${{{{build.arch}}}} == 'x86_64'
    working-directory: {name}
    runs: |
      # The comment of a maintainer.
      set -x
      make -j$(nproc) PREFIX=${{{{vars.prefix}}}} MAJOR=${{{{vars.major}}}} VERSION=${{{{vars.major-minor}}}}
      mkdir -p ${{{{targets.destdir}}}}/usr/bin
      for file in a b c; do
        install -m755 "$file" ${{{{targets.contextdir}}}}/usr/bin/
      done
"""


def subpackage(random_, name, number):
    split = random_.choice(["split/dev", "split/manpages", "split/static", "split/lib"])
    return f"""
  - name: {name}-part{number}
    description: {name} part {number}
    pipeline:
      - uses: {split}
      - runs: |
          mkdir -p ${{{{targets.subpkgdir}}}}/usr/share/{number}
          mv ${{{{targets.destdir}}}}/usr/share/{number} ${{{{targets.subpkgdir}}}}/usr/share/
    dependencies:
      runtime:
        - {name}
    test:
      pipeline:
        - runs: test -d /usr/share/{number}
"""


def tail(name):
    return f"""
update:
  enabled: true
  github:
    identifier: {name}/{name}
    strip-prefix: v

test:
  environment:
    contents:
      packages:
        - bash
  pipeline:
    - runs: |
        {name} --version | grep ${{{{package.version}}}}
        {name} --help
"""


def recipe(random_, number, lines):
    name = f"{random_.choice(WORDS)}{number}"
    version = f"{random_.randint(0, 9)}.{random_.randint(0, 30)}.{random_.randint(0, 9)}"
    text = head(random_, name, version) + pipeline(random_, name)
    ending = tail(name)
    parts = ""
    while (text + parts + ending).count("\n") + 16 < lines:
        parts += subpackage(random_, name, parts.count("- name:"))
    return text + ("\nsubpackages:" + parts if parts else "") + ending


def write(directory, count):
    directory.mkdir(parents=True, exist_ok=True)
    random_ = random.Random(1)
    for number in range(count):
        lines = 2000 if number == 0 else min(2000, int(97 * random_.lognormvariate(0, 0.5)))
        (directory / f"recipe{number:04}.yaml").write_text(recipe(random_, number, lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    write(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3000)
