#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""GNU hello is the same bytes whoever builds it, wherever and however."""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, SOURCE, STATE, Skip, build_flags, digests, expect, main

RECIPE = "examples/hello/melange.yaml"
USER = "quern-test"
REFERENCE = {}


def place(folder):
    """The recipe in a folder; it is named by the same relative path everywhere, because packages record that."""
    shutil.copytree(SOURCE / "examples/hello", folder / "examples/hello")
    return folder


def reference(bench):
    """hello as root or whoever runs this, built once."""
    if not REFERENCE:
        folder = bench.folder / "reference"
        folder.mkdir()
        bench.build(RECIPE, "--fresh", cwd=place(folder))
        REFERENCE.update(digests(folder / "packages"))
        expect(len(REFERENCE) == 3, f"not two packages and an index: {sorted(REFERENCE)}")
    return REFERENCE


def differing(found, wanted):
    return [name for name in sorted(found.keys() | wanted.keys()) if found.get(name) != wanted.get(name)]


def same_as_reference(bench, *words, folder=None, **options):
    wanted = reference(bench)
    folder = folder or bench.folder
    bench.build(RECIPE, "--fresh", *words, cwd=place(folder), **options)
    unlike = differing(digests(folder / "packages"), wanted)
    expect(not unlike, f"the bytes differ: {unlike}")


def umask(mask):
    return ["sh", "-c", f'umask {mask}; exec "$@"', "sh"]


def with_one_thread(bench):
    """one thread and a closed umask."""
    same_as_reference(bench, "--threads", "1", prefix=umask("077"))


def with_two_threads(bench):
    """two threads, an open umask, another locale, time zone and home."""
    env = {"LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Pacific/Chatham", "USER": "someone", "HOSTNAME": "elsewhere"}
    same_as_reference(bench, "--threads", "2", prefix=umask("000"), env=env)


def in_another_folder(bench):
    """another working directory and an empty cache."""
    folder = bench.folder / "a rather/long way off"
    folder.mkdir(parents=True)
    same_as_reference(bench, folder=folder, env={"QUERN_CACHE_DIR": str(folder / "cache")})


def with_a_single_id(bench):
    """a single user id, as where there is no newuidmap."""
    same_as_reference(bench, "--single-id")


def make_user():
    """An ordinary user with a range of subordinate ids. Only root can make one."""
    try:
        pwd.getpwnam(USER)
    except KeyError:
        if os.geteuid() != 0:
            raise Skip("only root can make the user that this needs") from None
        made = subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", USER], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Skip(f"useradd: {made.stderr.strip()}") from None


def as_user(bench, *words):
    """Builds as the ordinary user. What it reads is copied to where it may look."""
    make_user()
    wanted = reference(bench)
    home = pathlib.Path(pwd.getpwnam(USER).pw_dir) / bench.folder.name
    try:
        home.mkdir()
        for name in ("seed", "sources"):
            shutil.copytree(STATE / name, home / name, symlinks=True)
        for name in ("seed.rsa.pub", "hello.rsa", "hello.rsa.pub"):
            shutil.copy(STATE / name, home)
        shutil.copy(QUERN, home)
        place(home)
        subprocess.run(["chown", "-R", f"{USER}:", home], check=True)
        flags = [str(flag).replace(str(STATE), str(home)) for flag in build_flags()]
        command = [home / "quern", "build", RECIPE, *flags, *words]
        done = subprocess.run(["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "--reset-env", *command], cwd=home,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        expect(done.returncode == 0, done.stdout + done.stderr)
        unlike = differing(digests(home / "packages"), wanted)
        expect(not unlike, f"the bytes differ: {unlike}")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def as_an_ordinary_user(bench):
    """an ordinary user with newuidmap."""
    as_user(bench)


def as_an_ordinary_user_with_a_single_id(bench):
    """an ordinary user with a single id."""
    as_user(bench, "--single-id")


main([with_one_thread, with_two_threads, in_another_folder, with_a_single_id, as_an_ordinary_user,
      as_an_ordinary_user_with_a_single_id])
