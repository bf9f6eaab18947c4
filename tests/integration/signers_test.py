#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Keys that quern never sees: a command signs packages and indexes."""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import make_repository
from workbench import Skip, expect, judge_repository, main


def openssl_signer(bench):
    """The flags of a signer that is openssl with a key of its own, and the public key."""
    if not shutil.which("openssl"):
        raise Skip("no openssl here (apt-get install openssl)")
    (bench.folder / "keys").mkdir()
    bench.run("keygen", "keys/far.rsa", "--key-size", "2048")
    public = bench.folder / "keys/far.rsa.pub"
    command = f"sh -c 'exec openssl pkeyutl -sign -inkey \"$0\" -pkeyopt digest:$QUERN_DIGEST' {bench.folder}/keys/far.rsa"
    return ("--signer", command, "--signer-key", public), public


def signs(bench):
    """a command signs packages and indexes of both kinds, as sign, sign-index and index ask it, and clients accept all of it."""
    flags, public = openssl_signer(bench)
    repository = make_repository(bench, count=2)
    packages = sorted((repository / "x86_64").glob("*.apk"))
    bench.run("sign", *flags, *packages)
    index = repository / "x86_64/APKINDEX.tar.gz"
    bench.run("index", "-o", index, *flags, "--index-format", "v2,v3", *packages)
    bench.run("verify", "--keyring-append", public, repository / "x86_64", *packages)
    judge_repository(bench, repository / "x86_64", public)
    bench.run("index", "-o", index, *packages)
    bench.run("verify", "--keyring-append", public, repository / "x86_64", status=5)
    bench.run("sign-index", *flags, index)
    bench.run("verify", "--keyring-append", public, repository / "x86_64")


def refuses(bench):
    """a command that fails or signs with another key leaves the package as it was, and says why."""
    flags, public = openssl_signer(bench)
    package = sorted((make_repository(bench, count=1) / "x86_64").glob("*.apk"))[0]
    before = package.read_bytes()
    bench.run("keygen", "other.rsa", "--key-size", "2048")
    for words, said in (
        ((flags[0], flags[1], "--signer-key", "other.rsa.pub"), "no signature by other.rsa.pub"),
        (("--signer", "false", "--signer-key", public), "exit status 1"),
        (("--signer", "sh -c 'echo the card is locked >&2; exit 3'", "--signer-key", public), "the card is locked"),
    ):
        done = bench.run("sign", *words, package, status=5)
        expect(said in done.stderr, done.stderr)
    for words, said in (
        (("--signer", "false"), "--signer-key"),
        (("--signer", "echo 'x", "--signer-key", public), "quote"),
    ):
        expect(said in bench.run("sign", *words, package, status=2).stderr, words)
    expect(package.read_bytes() == before, "the package was touched")


main([signs, refuses])
