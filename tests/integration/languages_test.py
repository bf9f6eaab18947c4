#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The built-in pipelines of build systems and languages do their work in a real guest, without network.

The seed that they build in is made once, in build/pipelines/seed, from further groups of the seed's description.
"""
import base64
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pipeline_bench import HEAD, build, paths_of, write_sources
from web import Web
from workbench import QUERN, SOURCE, STATE, digests, expect, main

GROUPS = "shell,build-base,cmake,meson,python-3,ruby,git,go,npm"
SEED = SOURCE / "build/pipelines/seed"


def make_seed(groups, directory):
    done = subprocess.run([QUERN, "seed", SOURCE / "examples/seed/debian-12.yaml", "--out-dir", directory, "--group", groups,
                           "--signing-key", STATE / "seed.rsa"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    expect(done.returncode == 0, done.stdout + done.stderr)


def packages_of(bench, recipe, seed=SEED):
    """The leaves of the package `probe` built in the seed of languages."""
    return paths_of(bench, build(bench, recipe, "--repository-append", seed)["probe"])


def the_seed(bench):
    """the seed for build systems and languages is made, or there already."""
    make_seed(GROUPS, SEED)
    bench.run("resolve", "-r", SEED, "-k", STATE / "seed.rsa.pub", "--", "cmake", "meson", "ninja", "samurai", "python-3", "python3",
              "py3-build", "py3-installer", "py3-pip", "ruby", "ruby-dev", "git", "go", "nodejs", "npm")


def cmake(bench):
    """cmake configures, builds and installs."""
    write_sources(bench, {
        "CMakeLists.txt": "cmake_minimum_required(VERSION 3.16)\nproject(frob C)\nadd_executable(frob main.c)\n"
                          "install(TARGETS frob DESTINATION bin)\nif(NOT WANTED)\n  message(FATAL_ERROR no)\nendif()\n",
        "main.c": "int main(void) { return 0; }\n",
    })
    found = packages_of(bench, HEAD % "build-base, busybox" + "pipeline:\n  - uses: cmake/configure\n    with: {opts: -DWANTED=ON}\n"
                        "  - uses: cmake/build\n  - uses: cmake/install\n")
    expect(found == {"usr/bin/frob"}, f"holds {sorted(found)}")


def meson(bench):
    """meson configures, compiles and installs."""
    write_sources(bench, {
        "meson.build": "project('frob', 'c')\nexecutable('frob', 'main.c', install: true)\n",
        "main.c": "int main(void) { return 0; }\n",
    })
    found = packages_of(bench, HEAD % "build-base, busybox" + "pipeline:\n  - uses: meson/configure\n    with: {output-dir: -out, opts: "
                        "-Dwarning_level=3}\n  - uses: meson/compile\n    with: {output-dir: -out}\n  - uses: meson/install\n"
                        "    with: {output-dir: -out}\n")
    expect(found == {"usr/bin/frob"}, f"holds {sorted(found)}")


BACKEND = """import io, tarfile, zipfile
def build_sdist(directory, config_settings=None):
    name = 'frob-1.0.tar.gz'
    with tarfile.open(directory + '/' + name, 'w:gz') as archive:
        for file in ('pyproject.toml', 'backend.py', 'frob.py'):
            archive.add(file, 'frob-1.0/' + file)
        info = tarfile.TarInfo('frob-1.0/PKG-INFO')
        text = b'Metadata-Version: 2.1\\nName: frob\\nVersion: 1.0\\n'
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    return name
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = 'frob-1.0-py3-none-any.whl'
    with zipfile.ZipFile(directory + '/' + name, 'w') as wheel:
        wheel.write('frob.py')
        wheel.writestr('frob-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: frob\\nVersion: 1.0\\n')
        wheel.writestr('frob-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: probe\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr('frob-1.0.dist-info/entry_points.txt', '[console_scripts]\\nfrob = frob:main\\n')
        names = wheel.namelist() + ['frob-1.0.dist-info/RECORD']
        wheel.writestr(names[-1], ''.join(name + ',,\\n' for name in names))
    return name
"""


def python(bench):
    """Python wheels are built and installed without network; setup.py is run; imports are tested."""
    write_sources(bench, {
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": BACKEND,
        "frob.py": "def main():\n    print('frob')\n",
        "old/setup.py": "from setuptools import setup\nsetup(name='older', version='1', py_modules=['older'])\n",
        "old/older.py": "x = 1\n",
    })
    found = packages_of(bench, HEAD % "busybox, py3-setuptools, base-layout, wolfi-base" + """pipeline:
  - uses: python/build-wheel
  - working-directory: old
    pipeline: [{uses: python/build}, {uses: python/install}]
  - uses: python/import
    environment: {PYTHONPATH: /home/build}
    with: {imports: "import frob # ours\\nfrom os import path"}
  - uses: python/import
    with: {from: os, import: path}
  - uses: python/test
    with: {command: "python3 -c 'import json' && echo tested"}
""")
    stems = {path.rsplit("/", 1)[1] for path in found}
    expect({"frob.py", "frob", "older.py", "RECORD"} <= stems, f"holds {sorted(found)}")
    expect(not [path for path in found if "frob" in path and path.endswith(".pyc")], f"compiled files: {sorted(found)}")


def python_import_fails(bench):
    """python/import fails where a module is missing, and where nothing is asked."""
    for inputs, problem in (("{import: no_such_module}", "no_such_module"), ("{}", "nothing to import"),
                            ("{import: a, imports: b}", "either imports or import")):
        done = bench.build(bench.recipe(HEAD % "wolfi-base, python-3" + f"pipeline: [{{uses: python/import, with: {inputs}}}]\n"),
                           "--repository-append", SEED, status=3)
        expect(problem in done.stderr, done.stderr)


def ruby(bench):
    """a gem is built, installed from its file and cleaned."""
    write_sources(bench, {
        "frob.gemspec": "Gem::Specification.new do |s|\n  s.name = 'frob'\n  s.version = '1.0'\n  s.summary = 'frobs'\n  s.authors = ['x']\n"
                        "  s.files = ['lib/frob.rb']\n  s.bindir = 'exe'\n  s.executables = ['frob']\n  s.signing_key = '/none.pem'\nend\n",
        "lib/frob.rb": "FROB = 1\n",
        "exe/frob": "#!/usr/bin/env ruby\nputs 1\n",
    })
    found = packages_of(bench, HEAD % "busybox, ruby" + "pipeline:\n  - uses: ruby/build\n    with: {gem: frob}\n  - uses: ruby/install\n"
                        "    with: {gem: frob, version: '1.0'}\n  - uses: ruby/clean\n")
    expect("usr/bin/frob" in found, f"holds {sorted(found)}")
    expect([path for path in found if path.endswith("gems/frob-1.0/lib/frob.rb")], f"holds {sorted(found)}")
    expect(not [path for path in found if "/cache/" in path or "/build_info/" in path], f"not clean: {sorted(found)}")


def go(bench):
    """a Go program is built from a vendored module, by both versions of the pipeline, and installed by path."""
    write_sources(bench, {
        "go.mod": "module example.org/frob\n\ngo 1.19\n\nrequire example.org/dep v1.0.0\n",
        "main.go": 'package main\n\nimport "example.org/dep"\n\nvar version = "none"\n\nfunc main() { println(dep.Name, version) }\n',
        "vendor/modules.txt": "# example.org/dep v1.0.0\n## explicit; go 1.19\nexample.org/dep\n",
        "vendor/example.org/dep/dep.go": 'package dep\n\nconst Name = "dep"\n',
    })
    found = packages_of(bench, HEAD % "busybox" + """pipeline:
  - uses: go/build
    with: {packages: ., output: frob, ldflags: "-X main.version=$(echo 1.5)", tags: probe}
  - runs: test "$("${{targets.contextdir}}/usr/bin/frob" 2>&1)" = "dep 1.5"
  - uses: go/build/v2
    with: {output: frob2, install-dir: libexec}
  - uses: go/install
    environment: {GOFLAGS: -mod=vendor}
    with: {package: ./}
""")
    expect(found == {"usr/bin/frob", "usr/bin/frob2", "usr/libexec/frob2"} or
           found == {"usr/bin/frob", "usr/libexec/frob2"}, f"holds {sorted(found)}")


def h1(files):
    """The hash of go.sum. Source: golang.org/x/mod/sumdb/dirhash, Hash1."""
    lines = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def write_module(folder, name, version, text):
    """A module as a proxy serves it, and its lines of go.sum."""
    place = folder / name / "@v"
    place.mkdir(parents=True)
    mod = f"module {name}\n\ngo 1.19\n"
    files = {f"{name}@{version}/go.mod": mod, f"{name}@{version}/dep.go": text}
    with zipfile.ZipFile(place / f"{version}.zip", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    (place / f"{version}.mod").write_text(mod)
    (place / f"{version}.info").write_text(json.dumps({"Version": version, "Time": "2020-01-01T00:00:00Z"}))
    (place / "list").write_text(version + "\n")
    return f"{name} {version} {h1(files)}\n{name} {version}/go.mod {h1({'go.mod': mod})}\n"


def go_downloads(bench):
    """modules are downloaded once, before the step that builds; the second build is offline and makes the same bytes."""
    proxy = bench.folder / "proxy"
    write_sources(bench, {
        "go.mod": "module example.org/frob\n\ngo 1.19\n\nrequire example.org/dep v1.0.0\n",
        "go.sum": write_module(proxy, "example.org/dep", "v1.0.0", 'package dep\n\nconst Name = "dep"\n'),
        "main.go": 'package main\n\nimport "example.org/dep"\n\nfunc main() { println(dep.Name) }\n',
    })
    write_module(proxy, "example.org/tool", "v1.2.0", 'package main\n\nfunc main() {}\n')
    with Web(proxy) as web:
        environment = "environment:\n  environment: {GOPROXY: '%s', GONOSUMDB: '*'}\n  contents:" % web.url()
        recipe = (HEAD % "busybox").replace("environment: {contents:", environment).replace("]}}\n", "]}\n") + """pipeline:
  - uses: go/build
    with: {packages: ., output: frob}
  - uses: go/build/v2
    with: {output: frob2}
  - uses: go/install
    with: {package: example.org/tool, version: v1.2.0}
"""
        env = {"QUERN_CACHE_DIR": str(bench.folder / "cache")}
        flags = ("--repository-append", SEED, "--fresh")
        done = bench.build(bench.recipe(recipe), *flags, "--out-dir", "cold", env=env)
        expect('"go/build downloads" of probe has the network' in done.stderr, done.stderr)
        asked = {path for path, _ in web.requests}
        expect({"/example.org/dep/@v/v1.0.0.zip", "/example.org/tool/@v/v1.2.0.zip"} <= asked, f"asked for {sorted(asked)}")
    # What steps unpacked is no part of what is kept.
    shutil.rmtree(bench.folder / "cache/languages")
    done = bench.build(bench.recipe(recipe), *flags, "--offline", "--out-dir", "warm", env=env)
    expect("has the network" not in done.stderr, done.stderr)
    expect(digests(bench.folder / "cold") == digests(bench.folder / "warm"), "the cache changed the packages")
    found = paths_of(bench, bench.folder / "cold/x86_64/probe-1.0-r0.apk")
    expect(found == {"usr/bin/frob", "usr/bin/frob2", "usr/bin/tool"}, f"holds {sorted(found)}")


MAIL = """From 0000000000000000000000000000000000000001 Mon Sep 17 00:00:00 2001
From: Somebody <somebody@example.org>
Date: Thu, 1 Jan 2015 00:00:00 +0000
Subject: [PATCH] Change the text

---
diff --git a/text b/text
index 5626abf..f719efd 100644
--- a/text
+++ b/text
@@ -1 +1 @@
-one
+two
--
2.39.2
"""


def git_am(bench):
    """git-am makes commits of mailed patches, and takes names for nothing but names."""
    write_sources(bench, {"text": "one\n", "1.patch": MAIL})
    start = """pipeline:
  - runs: |
      git init -q .
      git config user.email build@example.org
      git config user.name build
      git add text
      git commit -qm one
"""
    recipe = HEAD % "busybox, git" + start + """  - uses: git-am
    with: {patches: 1.patch}
  - runs: |
      test "$(git log -1 --format=%s)" = "Change the text"
      grep -qx two text
"""
    packages_of(bench, recipe)
    wrong = HEAD % "busybox, git" + start + "  - uses: git-am\n    with: {patches: --help}\n"
    done = bench.build(bench.recipe(wrong), "--repository-append", SEED, status=3)
    expect("--help" in done.stderr and "usage:" not in done.stderr, done.stderr)


def npm_tarball(path):
    manifest = json.dumps({"name": "frob", "version": "1.0.0", "bin": {"frob": "cli.js"}}).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (("package/package.json", manifest), ("package/cli.js", b"#!/usr/bin/env node\nconsole.log(1)\n")):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), 0o755
            archive.addfile(info, io.BytesIO(text))


def npm(bench):
    """an npm package is installed from a local tarball, also with versions forced on its dependencies."""
    write_sources(bench, {"note": ""})
    npm_tarball(bench.folder / "recipe/frob-1.0.0.tgz")
    inputs = "package: frob, version: 'file:/home/build/frob-1.0.0.tgz'"
    for more in ("", ", overrides: 'left-pad@1.0.0, right-pad@2.0.0 # both'"):
        recipe = HEAD % "busybox" + f"pipeline:\n  - uses: npm/install\n    with: {{{inputs}{more}}}\n"
        found = packages_of(bench, recipe)
        expect({"usr/bin/frob", "usr/lib/node_modules/frob/cli.js"} <= found, f"holds {sorted(found)}")
        expect(not found & {"usr/lib/package.json", "usr/lib/package-lock.json"}, f"holds {sorted(found)}")
    wrong = HEAD % "busybox" + "pipeline: [{uses: npm/install, with: {package: --help, version: '1'}}]\n"
    done = bench.build(bench.recipe(wrong), "--repository-append", SEED, status=3)
    expect("that is no package" in done.stderr, done.stderr)


def build_twice(bench, web, variables, steps, *asked):
    """Builds with a server that has to be asked, and offline; the packages are the same. Gives the paths of the package."""
    head = (HEAD % "busybox").replace("environment: {contents:", "environment:\n  environment: {%s}\n  contents:" % variables).replace("]}}\n", "]}\n")
    flags = ("--repository-append", SEED, "--fresh")
    env = {"QUERN_CACHE_DIR": str(bench.folder / "cache")}
    with web:
        bench.build(bench.recipe(head + steps), *flags, "--out-dir", "cold", env=env)
        seen = {path for path, _ in web.requests}
        expect(set(asked) <= seen, f"asked for {sorted(seen)}")
    bench.build(bench.recipe(head + steps), *flags, "--offline", "--out-dir", "warm", env=env)
    expect(digests(bench.folder / "cold") == digests(bench.folder / "warm"), "the cache changed the packages")
    return paths_of(bench, bench.folder / "cold/x86_64/probe-1.0-r0.apk")


def npm_downloads(bench):
    """an npm package and what it depends on are downloaded once."""
    served = bench.folder / "served"
    served.mkdir()
    web = Web(served)
    write_sources(bench, {"note": ""})
    for name, depends in (("frob", {"dep": "^1.0.0"}), ("dep", {})):
        manifest = {"name": name, "version": "1.0.0", "dependencies": depends}
        with tarfile.open(served / f"{name}-1.0.0.tgz", "w:gz") as archive:
            info = tarfile.TarInfo("package/package.json")
            info.size = len(json.dumps(manifest))
            archive.addfile(info, io.BytesIO(json.dumps(manifest).encode()))
        digest = hashlib.sha512((served / f"{name}-1.0.0.tgz").read_bytes()).digest()
        manifest["dist"] = {"tarball": web.url(f"/{name}-1.0.0.tgz"), "integrity": "sha512-" + base64.b64encode(digest).decode()}
        (served / name).write_text(json.dumps({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest}}))
    found = build_twice(bench, web, f"npm_config_registry: '{web.url('/')}'",
                        "pipeline:\n  - uses: npm/install\n    with: {package: frob, version: 1.0.0}\n", "/dep-1.0.0.tgz", "/frob-1.0.0.tgz")
    expect("usr/lib/node_modules/frob/node_modules/dep/package.json" in found, f"holds {sorted(found)}")


def pip_downloads(bench):
    """what a wheel is built with is downloaded once."""
    served = bench.folder / "served"
    served.mkdir()
    web = Web(served)
    about = "helper-1.0.dist-info/"
    with zipfile.ZipFile(served / "helper-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("helper.py", "x = 1\n")
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\nName: helper\nVersion: 1.0\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\nGenerator: probe\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(about + "RECORD", "".join(f"{name},,\n" for name in [*wheel.namelist(), about + "RECORD"]))
    (served / "links.html").write_text(f'<html><body><a href="{web.url("/helper-1.0-py3-none-any.whl")}">helper</a></body></html>')
    write_sources(bench, {
        "pyproject.toml": "[build-system]\nrequires = ['helper == 1.0']\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": "import helper\n" + BACKEND,
        "frob.py": "def main():\n    print('frob')\n",
    })
    found = build_twice(bench, web, f"PIP_NO_INDEX: '1', PIP_FIND_LINKS: '{web.url('/links.html')}'", "pipeline:\n  - uses: python/build-wheel\n",
                        "/helper-1.0-py3-none-any.whl")
    expect([path for path in found if path.endswith("bin/frob")], f"holds {sorted(found)}")


main([the_seed, cmake, meson, python, python_import_fails, ruby, go, go_downloads, npm_downloads, pip_downloads, git_am, npm])
