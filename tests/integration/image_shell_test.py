#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""`image shell`: tools of the seed beside the root of an image, which stays as it is."""
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_bench import Repository, tar_member
from workbench import STATE, Skip, digests, expect, main

OUTPUTS = (("layout", "oci-dir"), ("o.tar", "oci-archive"), ("d.tar", "docker"), ("a.tar", "auto"))


def image(bench):
    if not (STATE / "seed").exists():
        raise Skip("examples/quickstart has not run here")
    repository = Repository(bench).add("one", [tar_member("usr", tarfile.DIRTYPE), tar_member("usr/secret", body=b"text of the image", mode=0o600)]).index()
    return repository, repository.image("one", more="accounts: {users: [{username: me, uid: 1000}]}\n")


def shell(bench, output, *words, status=0):
    return bench.run("--cache-root", bench.folder / "cache", "image", "shell", output, "-r", STATE / "seed", "-k", STATE / "seed.rsa.pub", *words, status=status)


def every_output(bench):
    """a command sees the image's files with their owners and modes, whatever form the image has."""
    repository, path = image(bench)
    for output, kind in OUTPUTS:
        repository.build(path, output, "--output-type", kind)
        done = shell(bench, output, "--", "/bin/sh", "-c", "cat usr/secret; pwd; stat -c '%a %u' usr/secret home/me; test ! -e bin/sh")
        expect(done.stdout == "text of the image/image\n600 0\n700 1000\n", f"{kind}: {done.stdout}{done.stderr}")


def nothing_stays(bench):
    """nothing can be written to the image, and nothing is left of the session."""
    repository, path = image(bench)
    repository.build(path, "layout", "--output-type", "oci-dir")
    before = digests(bench.folder / "layout")
    done = shell(bench, "layout", "--", "/bin/sh", "-c", "echo x 2>&1 > usr/secret || echo refused; echo x > /tmp/x && echo written")
    expect(done.stdout.endswith("Read-only file system\nrefused\nwritten\n"), done.stdout)
    expect(digests(bench.folder / "layout") == before, "the image changed")
    expect(not list((bench.folder / "cache/image/roots").iterdir()), "a root is left")


def failures(bench):
    """what is no image, and a command that fails, are told apart."""
    repository, path = image(bench)
    repository.build(path, "d.tar")
    expect("exit" in shell(bench, "d.tar", "--", "/bin/sh", "-c", "exit 3", status=1).stderr, "the status is not named")
    (bench.folder / "noise.tar").write_bytes(b"noise" * 1000)
    for wrong in ("noise.tar", "none.tar", "cache"):
        done = shell(bench, wrong, "--", "/bin/sh", status=1)
        expect(wrong in done.stderr, done.stderr)


main([every_output, nothing_stays, failures])
