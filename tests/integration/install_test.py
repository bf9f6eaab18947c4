#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What `meson install` leaves: a program that works from its place, documents, and a library that other programs link."""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import BUILD, SOURCE, Skip, expect, main

PROGRAM = """#include <quern/version.hpp>
#include <iostream>
int main() {
    const auto lower = quern::apk::Version::parse("1.9-r0"), higher = quern::apk::Version::parse("1.10-r0");
    std::cout << (lower && higher && *lower < *higher ? "ordered" : "wrong") << "\\n";
}
"""


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    expect(done.returncode == 0, f"exit {done.returncode}: {words}\n{done.stdout}{done.stderr}")
    return done.stdout


def installed(bench):
    root = bench.folder / "root"
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    return root / "usr/local"


def the_program_and_its_documents(bench):
    """the program, the manual page, completions and pipelines are installed"""
    prefix = installed(bench)
    expect("quern" in run(prefix / "bin/quern", "--version"), "no version")
    for place in ("share/man/man1/quern.1", "share/bash-completion/completions/quern.bash", "share/zsh/site-functions/_quern",
                  "share/fish/vendor_completions.d/quern.fish", "share/quern/pipelines/fetch.yaml", "include/quern/build.hpp"):
        expect((prefix / place).stat().st_size > 0, f"{place} is empty")
    script = f"source {prefix}/share/bash-completion/completions/quern.bash; COMP_WORDS=(quern bui); COMP_CWORD=1; _quern; echo ${{COMPREPLY[*]}}"
    expect(run("bash", "-c", script).split() == ["build"], "bash does not complete")


def bash_completes(script, *words):
    line = " ".join(f"'{word}'" for word in words)
    return run("bash", "-c", f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _quern; echo ${{COMPREPLY[*]}}").split()


def completions_know_every_command(bench):
    """completions know every command, those below it, and flags behind and before it; each shell reads its script"""
    prefix = installed(bench)
    script = prefix / "share/bash-completion/completions/quern.bash"
    top = bash_completes(script, "quern", "")
    expect({"build", "image", "source", "rebuild", "version"} <= set(top), top)
    below = bash_completes(script, "quern", "image", "")
    expect({"build", "publish", "shell"} <= set(below) and "keygen" not in below, below)
    expect("--previous" in bash_completes(script, "quern", "image", "build", "--pre"), "no flags of image build")
    expect("--previous" not in bash_completes(script, "quern", "build", "--pre"), "flags of image build at build")
    expect("--signing-key" in bash_completes(script, "quern", "--quiet", "build", "--sign"), "a flag in front hides the command")
    expect("--format" in bash_completes(script, "quern", "build", "--for"), "no flags of all commands")
    for shell, path in (("bash", script), ("zsh", prefix / "share/zsh/site-functions/_quern"),
                        ("fish", prefix / "share/fish/vendor_completions.d/quern.fish")):
        if shutil.which(shell):
            done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
            expect(done.returncode == 0 and not done.stderr, f"{shell}: {done.stderr}")


def the_manual_page_has_no_mistakes(bench):
    """groff formats the manual page without a warning"""
    if not shutil.which("groff"):
        raise Skip("groff is not installed")
    page = installed(bench) / "share/man/man1/quern.1"
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, text=True, check=False)
    expect(done.returncode == 0 and not done.stderr, done.stderr)
    expect("--signing-key" in done.stdout.replace("\u2010", "-"), "no flags")


def a_program_that_embeds_quern(bench):
    """pkg-config gives what a program needs to use a public header"""
    prefix = installed(bench)
    source = bench.folder / "embed.cpp"
    source.write_text(PROGRAM)
    directory = next(prefix.rglob("quern.pc")).parent
    env = {**os.environ, "PKG_CONFIG_PATH": str(directory)}
    flags = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "quern", env=env).split()
    run("g++", "-std=c++20", source, "-o", bench.folder / "embed", *flags)
    expect(run(bench.folder / "embed") == "ordered\n", "wrong answer")


def public_headers_stand_alone(bench):
    """each public header compiles alone, with nothing but what is installed"""
    prefix = installed(bench)
    for header in sorted((prefix / "include/quern").glob("*.hpp")):
        run("g++", "-std=c++20", "-fsyntax-only", "-x", "c++", f"-I{prefix}/include", "-include", header, os.devnull)
    expect(sorted(path.name for path in (SOURCE / "include/quern").glob("*.hpp")) ==
           sorted(path.name for path in (prefix / "include/quern").glob("*.hpp")), "a header is missing")


sys.exit(main([the_program_and_its_documents, completions_know_every_command,
               the_manual_page_has_no_mistakes, a_program_that_embeds_quern, public_headers_stand_alone]))
