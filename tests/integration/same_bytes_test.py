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

RECIPE = SOURCE / "examples/hello/melange.yaml"
USER = "quern-test"


def reference():
    return digests(STATE / "packages")


def same_as_reference(bench, *words, **options):
    bench.build(RECIPE, "--out-dir", bench.folder / "packages", *words, **options)
    expect(digests(bench.folder / "packages") == reference(), "the bytes differ from quickstart's")


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
    same_as_reference(bench, cwd=folder, env={"QUERN_CACHE_DIR": str(folder / "cache")})


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
    home = pathlib.Path(pwd.getpwnam(USER).pw_dir) / bench.folder.name
    try:
        home.mkdir()
        for name in ("seed", "sources"):
            shutil.copytree(STATE / name, home / name, symlinks=True)
        for name in ("seed.rsa.pub", "hello.rsa", "hello.rsa.pub"):
            shutil.copy(STATE / name, home)
        shutil.copy(QUERN, home)
        shutil.copytree(SOURCE / "examples/hello", home / "examples/hello")
        subprocess.run(["chown", "-R", f"{USER}:", home], check=True)
        flags = [str(flag).replace(str(STATE), str(home)) for flag in build_flags()]
        command = [home / "quern", "build", "examples/hello/melange.yaml", *flags, "--out-dir", "packages", *words]
        done = subprocess.run(["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "--reset-env", *command], cwd=home,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        expect(done.returncode == 0, done.stdout + done.stderr)
        expect(digests(home / "packages") == reference(), "the bytes differ from quickstart's")
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
