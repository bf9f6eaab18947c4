#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""`quern test` and `quern build --test`: each block in a guest of its own, results in text, JSON and JUnit."""
import json
import pathlib
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import STATE, digests, expect, main

RECIPE = """package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}
environment:
  contents: {packages: [busybox]}
  environment: {FROM_RECIPE: recipe, BOTH: recipe}
pipeline:
  - runs: |
      mkdir -p "${{targets.destdir}}/usr/bin"
      printf '#!/bin/sh\\necho probe works\\n' > "${{targets.destdir}}/usr/bin/probe"
      chmod 755 "${{targets.destdir}}/usr/bin/probe"
subpackages:
  - name: probe-data
    pipeline: [{runs: 'mkdir -p "${{targets.contextdir}}/usr/share" && echo data > "${{targets.contextdir}}/usr/share/probe"'}]
    test:
      environment: {contents: {packages: [busybox]}}
      pipeline:
        - runs: |
            grep data /usr/share/probe
            test ! -e /usr/bin/probe
            test ! -e left-by-main
            SUB
test:
  environment: {contents: {packages: [busybox]}, environment: {BOTH: test}}
  pipeline:
    - runs: |
        probe | grep works
        test "$FROM_RECIPE $BOTH" = "recipe test"
        test -z "${SOURCE_DATE_EPOCH:-}"
        touch left-by-main
        MAIN
"""


def recipe(bench, main_line="true", sub_line="true"):
    return bench.recipe(RECIPE.replace("MAIN", main_line).replace("SUB", sub_line))


def test_flags(bench):
    return ("--arch", "x86_64", "-r", bench.folder / "packages", "-r", STATE / "seed", "-k", STATE / "seed.rsa.pub",
            "-k", STATE / "hello.rsa.pub")


def good_tests(bench):
    """tests of main package and subpackage see their own package, their variables and nothing of each other."""
    path = recipe(bench)
    bench.build(path)
    for jobs in (1, 3):
        done = bench.run("test", path, *test_flags(bench), "--jobs", jobs)
        expect(done.stdout == "ok   x86_64 probe\nok   x86_64 probe-data\n", done.stdout)


def a_failing_test(bench):
    """a failing test is told with its place, the others run, and the status is 3."""
    path = recipe(bench, main_line="false")
    bench.build(path)
    done = bench.run("test", path, *test_flags(bench), "--junit", "out.xml", "--format", "json", status=3)
    results = {r["package"]: r["outcome"] for r in json.loads(done.stdout)[0]["results"]}
    expect(results == {"probe": "FAIL", "probe-data": "ok"}, results)
    suite = xml.etree.ElementTree.parse(bench.folder / "out.xml").getroot().find("testsuite")
    expect((suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0"), suite.attrib)
    failure = suite.find("testcase[@name='probe']/failure")
    expect("melange.yaml:" in failure.get("message") and "exit status 1" in failure.text, failure.text)
    stopped = bench.run("test", path, *test_flags(bench), "--fail-fast", status=3)
    expect("skip x86_64 probe-data" in stopped.stdout, stopped.stdout)


def a_package_that_is_not_there(bench):
    """a test without its package is an error of that block that names the package."""
    path = recipe(bench)
    done = bench.run("test", path, *test_flags(bench), "--junit", "out.xml", status=1)
    expect("probe" in done.stderr and "tests failed" in done.stderr and "`quern build` it first" in done.stderr, done.stderr)
    suite = xml.etree.ElementTree.parse(bench.folder / "out.xml").getroot().find("testsuite")
    expect(suite.get("errors") == "2", suite.attrib)


def a_constraint(bench):
    """a constraint on the command line chooses the package under test."""
    path = recipe(bench)
    bench.build(path)
    bench.run("test", path, "probe=1-r0", *test_flags(bench))
    bench.run("test", path, "probe=2-r0", *test_flags(bench), status=1)


def no_network(bench):
    """a test has no network unless its step asks for it."""
    command = "test $(ls /sys/class/net 2>/dev/null | wc -l) = 0; ! ip route show | grep -q default"
    path = recipe(bench, main_line=command)
    bench.build(path)
    bench.run("test", path, *test_flags(bench))
    text = path.read_text().replace("    - runs: |\n        probe |", "    - network: true\n      runs: |\n        probe |")
    path.write_text(text.replace(command, "test -s /etc/resolv.conf || test -e /etc/resolv.conf"))
    bench.run("test", path, *test_flags(bench))


def tested_before_published(bench):
    """build --test publishes what passes and nothing of what fails, also in place of an older build."""
    good = recipe(bench)
    bench.build(good, "--test", "--junit", "good.xml")
    before = digests(bench.folder / "packages")
    expect(any(name.endswith("probe-1-r0.apk") for name in before), before)
    bad = bench.recipe(RECIPE.replace("MAIN", "true").replace("SUB", "true").replace("probe works", "probe fails"), "bad.yaml")
    done = bench.build(bad, "--test", "--junit", "bad.xml", status=3)
    expect("nothing is published" in done.stderr, done.stderr)
    expect(digests(bench.folder / "packages") == before, "the repository changed")
    expect('failures="1"' in (bench.folder / "bad.xml").read_text(), "no failure in the report")


def a_source_folder(bench):
    """files come in the workspace from --source-dir only, those of the ignore file too."""
    path = recipe(bench, main_line="test -e hidden.txt", sub_line="test -e hidden.txt")
    bench.build(path)
    bench.run("test", path, *test_flags(bench), status=3)
    source = bench.folder / "source"
    source.mkdir()
    (source / ".melangeignore").write_text("hidden.txt\n")
    (source / "hidden.txt").write_text("x")
    bench.run("test", path, *test_flags(bench), "--source-dir", source)


def what_a_test_writes(bench):
    """a test that writes more than --disk allows is stopped, each block has the bound for itself."""
    path = recipe(bench, main_line="head -c 40000000 /dev/zero > big; sleep 60")
    bench.build(path)
    done = bench.run("test", path, *test_flags(bench), "--disk", "10Mi", status=4)
    expect("written more than 10.0 MiB" in done.stderr and "--disk" in done.stderr, done.stderr)
    expect("ok   x86_64 probe-data" in done.stdout, done.stdout)
    path = recipe(bench, main_line="head -c 8000000 /dev/zero > big", sub_line="head -c 8000000 /dev/zero > big")
    bench.run("test", path, *test_flags(bench), "--disk", "10Mi", "--jobs", "1")


main([good_tests, a_failing_test, a_package_that_is_not_there, a_constraint, no_network, tested_before_published, a_source_folder,
      what_a_test_writes])
