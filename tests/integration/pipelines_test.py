#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The built-in pipelines that need a compiler, a shell and Perl do their work in a real guest."""
import json
import pathlib
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pipeline_bench import HEAD, build, paths_of, write_sources
from workbench import SOURCE, STATE, expect, main

LIBRARY = {
    "configure.ac": """AC_INIT([frob], [1.0])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AM_PROG_AR
LT_INIT
AC_CONFIG_FILES([Makefile frob.pc])
AC_OUTPUT
""",
    "Makefile.am": """lib_LTLIBRARIES = libfrob.la
libfrob_la_SOURCES = lib.c
libfrob_la_LDFLAGS = -version-info 1:0:0
bin_PROGRAMS = frob
frob_SOURCES = main.c
frob_LDADD = libfrob.la
include_HEADERS = frob.h
dist_man_MANS = frob.1
dist_doc_DATA = NEWS.txt
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = frob.pc
""",
    "lib.c": "int frob(void) { return 42; }\n",
    "main.c": '#include "frob.h"\n#include <stdio.h>\nint main(void) { printf("%d\\n", frob()); return 0; }\n',
    "frob.h": "int frob(void);\n",
    "frob.1": ".TH frob 1\n",
    "frob.pc.in": "Name: frob\nDescription: frobs\nVersion: @PACKAGE_VERSION@\nLibs: -lfrob\n",
    "NEWS.txt": "none\n",
}

SPLIT = HEAD % "build-base, busybox" + """pipeline:
  - uses: autoconf/configure
    with: {opts: --enable-static --disable-dependency-tracking}
  - uses: autoconf/make
    with: {opts: CFLAGS='-g -O1'}
  - uses: autoconf/make-install
  - runs: |
      cd "${{targets.contextdir}}"
      find . -name '*.la' | grep . && exit 1
      readelf -S usr/bin/frob | grep -q debug_info
      mkdir -p usr/share/info usr/share/locale/de/LC_MESSAGES usr/share/probe
      echo x > usr/share/info/frob.info; echo x > usr/share/info/dir
      echo x > usr/share/locale/de/LC_MESSAGES/frob.mo
      echo x > usr/share/probe/kept
subpackages:
  - {name: probe-dbg, pipeline: [{uses: split/debug}]}
  - name: probe-bin
    pipeline:
      - uses: split/bin
      - uses: strip
        with: {opts: --strip-all}
      - runs: |
          cd "${{targets.contextdir}}"
          ! readelf -S usr/bin/frob | grep -q symtab
  - {name: probe-static, pipeline: [{uses: split/static}]}
  - {name: probe-dev, pipeline: [{uses: split/dev}]}
  - {name: probe-libs, pipeline: [{uses: split/lib, with: {patterns: frob}}]}
  - {name: probe-man, pipeline: [{uses: split/manpages}]}
  - {name: probe-info, pipeline: [{uses: split/infodir}]}
  - {name: probe-lang, pipeline: [{uses: split/locales}]}
  - {name: probe-doc, pipeline: [{uses: split/alldocs}]}
"""

SPLIT_PATHS = {
    "probe": {"usr/share/probe/kept"},
    "probe-dbg": {"usr/lib/debug/usr/bin/frob.debug", "usr/lib/debug/usr/lib/libfrob.so.1.0.0.debug"},
    "probe-bin": {"usr/bin/frob"},
    "probe-static": {"usr/lib/libfrob.a"},
    "probe-dev": {"usr/include/frob.h", "usr/lib/libfrob.so", "usr/lib/pkgconfig/frob.pc"},
    "probe-libs": {"usr/lib/libfrob.so.1", "usr/lib/libfrob.so.1.0.0"},
    "probe-man": {"usr/share/man/man1/frob.1"},
    "probe-info": {"usr/share/info/frob.info"},
    "probe-lang": {"usr/share/locale/de/LC_MESSAGES/frob.mo"},
    "probe-doc": {"usr/share/doc/frob/NEWS.txt"},
}


def autoconf_and_split(bench):
    """autoconf builds from configure.ac, and each split takes its files and no others."""
    write_sources(bench, LIBRARY)
    packages = build(bench, SPLIT)
    expect(set(packages) == set(SPLIT_PATHS), f"packages: {sorted(packages)}")
    for name, wanted in SPLIT_PATHS.items():
        found = paths_of(bench, packages[name])
        expect(found == wanted, f"{name} holds {sorted(found)}")


def split_refuses_other_places(bench):
    """a split takes from packages only, never from the guest's own directories."""
    for name in ("alldocs", "bin", "debug", "dev", "infodir", "lib", "locales", "manpages", "static"):
        recipe = HEAD % "busybox, binutils, scanelf" + (
            "pipeline: [{runs: 'true'}]\n"
            "subpackages: [{name: s, pipeline: [{uses: split/%s, with: {package: ../../../usr}}]}]\n" % name)
        done = bench.build(bench.recipe(recipe), status=3)
        expect("no name of a package" in done.stderr, done.stderr)


def patches(bench):
    """patch applies lists and series, strips as told, and refuses names with shell in them."""
    def diff(old, new, prefix="a/"):
        return f"--- {prefix}text\n+++ b/text\n@@ -1 +1 @@\n-{old}\n+{new}\n"
    write_sources(bench, {
        "text": "one\n", "1.patch": diff("one", "two"), "2.patch": diff("two", "three"),
        "deep.patch": diff("three", "four", "x/y/").replace("b/text", "x/y/text"), "series": "# in order\n\ndeep.patch\n",
    })
    recipe = HEAD % "busybox" + """pipeline:
  - uses: patch
    with: {patches: "1.patch\\n  2.patch"}
  - uses: patch
    with: {series: series, strip-components: 2}
  - runs: |
      grep -qx four text
      mkdir -p "${{targets.contextdir}}"
      cp text "${{targets.contextdir}}/text"
"""
    packages = build(bench, recipe)
    expect(paths_of(bench, packages["probe"]) == {"text"}, "text is missing")
    for name, problem in (("$(touch canary)", "refused name"), ("a;b", "refused name"), ("none.patch", "none.patch")):
        wrong = HEAD % "busybox" + f"pipeline: [{{uses: patch, with: {{patches: '{name}'}}}}]\n"
        done = bench.build(bench.recipe(wrong), status=3)
        expect(problem in done.stderr, done.stderr)


def perl(bench):
    """a Perl module is built, installed for vendors, and leaves no records of the installer."""
    write_sources(bench, {
        "Makefile.PL": "use ExtUtils::MakeMaker;\nWriteMakefile(NAME => 'Frob', VERSION_FROM => 'lib/Frob.pm');\n",
        "lib/Frob.pm": "package Frob;\nour $VERSION = '1.0';\n1;\n",
    })
    recipe = HEAD % "busybox" + ("pipeline:\n  - uses: perl/make\n  - uses: autoconf/make\n  - uses: autoconf/make-install\n"
                                 "  - uses: perl/cleanup\n")
    found = paths_of(bench, build(bench, recipe)["probe"])
    expect(found == {"usr/share/perl5/Frob.pm"}, f"holds {sorted(found)}")


# Stands for apk, which Debian has not: lists the files that /home/build/files names as the package's.
APK = """package: {name: apk-tools, version: '2.14', epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox]}}
pipeline:
  - runs: |
      mkdir -p "${{targets.contextdir}}/usr/bin"
      cat > "${{targets.contextdir}}/usr/bin/apk" <<'SH'
      #!/bin/sh
      for package in "$@"; do :; done
      case "$2" in
        -eq) [ "$package" = probe ] ;;
        -qL) cat /home/build/files ;;
      esac
      SH
      chmod 755 "${{targets.contextdir}}/usr/bin/apk"
"""

# What the pipelines say of a package with these files: pipeline, inputs, its files, what is said where it fails.
TESTS = [
    ("test/emptypackage", "", "var/lib/db/sbom/probe-1.0-r0.spdx.json", ""),
    ("test/emptypackage", "", "usr/bin/true", "is not empty"),
    ("test/no-docs", "", "usr/bin/true", ""),
    ("test/no-docs", "", "usr/share/man/man1/x.1", "belongs in a -doc package"),
    ("test/pkgconf", "", "usr/lib/pkgconfig/good.pc", ""),
    ("test/pkgconf", "", "usr/lib/pkgconfig/bad.pc", "no-such-module"),
    ("test/pkgconf", "", "opt/good.pc", "does not look for"),
    ("test/ldd-check", "packages: probe", "usr/bin/bash", ""),
    ("test/ldd-check", "packages: probe", "usr/bin/lost", "not found"),
    ("test/ldd-check", "packages: probe, exclude-files: usr/bin/lost", "usr/bin/lost", ""),
    ("test/ldd-check", "packages: other", "", "not installed"),
    ("test/ldd-check", "files: /usr/bin/bash /usr/bin/none", "", "no such file"),
    ("test/tw/ldd-check", "", "usr/bin/lost", "not found"),
    ("test/ver-check", "bins: sed gzip, version: '.', match-type: regex", "", ""),
    ("test/ver-check", "bins: sed, version: '99.99'", "", "does not print"),
]


def test_pipelines(bench):
    """the pipelines for tests pass what is good and tell what is not."""
    bench.build(bench.recipe(APK, "apk.yaml"), "--out-dir", bench.folder / "packages")
    own = ("--repository-append", bench.folder / "packages", "--keyring-append", STATE / "hello.rsa.pub")
    for number, (name, inputs, files, problem) in enumerate(TESTS):
        recipe = HEAD % "build-base, busybox, bash" + f"""pipeline:
  - runs: |
      echo '{files}' > files
      mkdir -p /usr/lib/pkgconfig /opt /usr/share/man/man1 gone
      touch /usr/share/man/man1/x.1
      printf 'Name: good\\nDescription: x\\nVersion: 1\\nLibs: -lgood\\n' | tee /usr/lib/pkgconfig/good.pc > /opt/good.pc
      printf 'Name: bad\\nDescription: x\\nVersion: 1\\nRequires: no-such-module\\n' > /usr/lib/pkgconfig/bad.pc
      echo 'int lost(void) {{ return 0; }}' | gcc -shared -xc -o liblost.so -
      echo 'int lost(void); int main(void) {{ return lost(); }}' | gcc -xc -o /usr/bin/lost - -L. -llost
      rm liblost.so
  - uses: {name}
    with: {{{inputs}}}
"""
        done = bench.build(bench.recipe(recipe), *own, "--out-dir", bench.folder / f"out{number}", status=3 if problem else 0)
        expect(problem in done.stderr, f"{name} does not say {problem!r}:\n{done.stderr}")


CANARY = "touch /home/build/canary"
HOSTILE = [f"'; {CANARY}; '", f'"; {CANARY}; "', f"x\n{CANARY}\n$({CANARY})`{CANARY}`", f"a;{CANARY}|{CANARY}&&{CANARY}", "-canary", "--canary=x",
           "* ~ ${HOME} \\", "../../../x"]

# Stands for every program that a pipeline calls: says where an argument has become an option.
STUB = """#!/bin/sh
before=
for word in "$@"; do
  [ "$word" != -- ] || break
  case "$before" in -*) before=; continue ;; esac
  case "$word" in -canary* | --canary*) echo "${0##*/} $*" >> /home/build/optioned ;; esac
  case "$word" in *=* | -trimpath) before= ;; *) before=$word ;; esac
done
echo stub
"""
PROGRAMS = ("apk autoreconf cargo cmake gem git go gobump jq ldd llvm-cov llvm-profdata make meson mvn npm node objcopy patch perl phpize "
            "pkgconf pnpm pombump python python3 Rscript ruby scanelf strip xcover").split()


def hostile_nodes():
    """Steps that use each built-in pipeline with each hostile text in every input that is not shell text by design."""
    for path in sorted((SOURCE / "pipelines").rglob("*.yaml")):
        definition = yaml.safe_load(path.read_text())
        if "native" in definition:
            continue
        needed = str(definition.get("needs"))
        inputs = {name: field for name, field in (definition.get("inputs") or {}).items() if "${{inputs.%s}}" % name not in needed}
        for text in HOSTILE:
            yield {"uses": definition["name"], "with": {name: "true" if "pasted" in field else text for name, field in inputs.items()}}


def scripts_of(nodes, above=()):
    """(script, environment) of compiled steps, as the guest would run them."""
    for node in nodes:
        environment = {**dict(above), **node.get("environment", {})}
        if node.get("runs"):
            yield node["runs"], environment
        yield from scripts_of(node.get("pipeline", []), environment.items())


def hostile_inputs(bench):
    """no text in an input is a command or an option, in any pipeline."""
    for text in HOSTILE:
        if not text.startswith(".."):
            write_sources(bench, {text + "/go.mod": "", text + "/configure": STUB, text + "/pom.xml": ""})
    write_sources(bench, {"stubs/" + program: STUB for program in PROGRAMS})
    head = {"package": {"name": "probe", "version": "1.0", "epoch": 0}, "environment": {"contents": {"packages": ["busybox"]}}}
    nodes = list(hostile_nodes())
    compiled = json.loads(bench.run("compile", "--arch", "x86_64",
                                    bench.recipe(json.dumps({**head, "pipeline": nodes}), "all.yaml")).stdout)
    steps = [{"runs": "chmod -R a+x stubs; find . -name configure -exec chmod a+x {} +"}]
    path = "/home/build/stubs:/usr/bin:/usr/sbin"
    for script, environment in scripts_of(compiled["pipeline"]):
        steps.append({"runs": f"(\n{script}\n) > /dev/null 2>&1 || true\necho ran >> /home/build/ran", "environment": {**environment, "PATH": path}})
    steps.append({"runs": f"test $(wc -l < ran) = {len(steps) - 1}\nif [ -e optioned ]; then cat optioned; exit 1; fi\n"
                           "test ! -e canary\nrm -rf melange-out/probe\nmkdir melange-out/probe\n"})
    bench.build(bench.recipe(json.dumps({**head, "pipeline": steps})))
    expect(len(steps) > len(nodes), f"{len(steps)} steps of {len(nodes)} nodes")


main([autoconf_and_split, split_refuses_other_places, patches, perl, test_pipelines, hostile_inputs])
