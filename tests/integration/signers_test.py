#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Keys that quern never sees: a command signs packages and indexes."""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import make_packages, make_repository
from workbench import QUERN, Skip, expect, judge_repository, main


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
    for words in (("--signer-key", public), ("--passphrase-file", "absent"), ("--passphrase-fd", "0")):
        said = bench.run("index", "-o", "APKINDEX.tar.gz", *words, package, status=2).stderr
        expect(words[0] in said and "nothing that signs" in said, said)
    key = ("--signing-key", bench.folder / "keys/far.rsa")
    for words, said in (
        ((*key, "--signer-timeout", "5"), "--signer-timeout is about --signer"),
        ((*key, "--signer-key", public), "--signer-key says nothing about a key in a file"),
        ((*key, *flags), "both --signer and the file of a key"),
        ((*flags, "--passphrase-fd", "0"), "--signer signs"),
        ((*key, "--passphrase-fd", "0", "--passphrase-file", "x"), "both --passphrase-file and --passphrase-fd"),
    ):
        told = bench.run("index", "-o", "APKINDEX.tar.gz", *words, package, status=2).stderr
        expect(said in told and "help:" in told, told)
    expect(not (bench.folder / "APKINDEX.tar.gz").exists(), "an index that nobody signs")


def passphrases(bench):
    """a passphrase ends with its line, whether or not who writes it closes, and is not read without an end."""
    package = sorted((make_repository(bench, count=1) / "x86_64").glob("*.apk"))[0]
    (bench.folder / "pass").write_text("open sesame\n")
    bench.run("keygen", "locked.rsa", "--key-size", "2048", "--passphrase-file", "pass")
    for text, status in ((b"open sesame\n", 0), (b"x" * 5000, 4)):
        reader, writer = os.pipe()
        os.write(writer, text)
        done = subprocess.run([QUERN, "sign", "--signing-key", "locked.rsa", "--passphrase-fd", str(reader), package], cwd=bench.folder,
                              pass_fds=[reader], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        os.close(reader)
        os.close(writer)
        expect(done.returncode == status and ("first line" in done.stderr or status == 0), f"{done.returncode}: {done.stderr}")


MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


def token(bench):
    """A software token with a key, its URI, and the environment in which it is found."""
    module = next((path for path in MODULES if pathlib.Path(path).exists()), None)
    if not module or not shutil.which("softhsm2-util"):
        raise Skip("no token here (apt-get install softhsm2 libengine-pkcs11-openssl)")
    (bench.folder / "tokens").mkdir()
    (bench.folder / "token.conf").write_text(f"directories.tokendir = {bench.folder}/tokens\nlog.level = ERROR\n")
    env = {"SOFTHSM2_CONF": str(bench.folder / "token.conf"), "PKCS11_MODULE_PATH": module}
    bench.run("keygen", "key.pem", "--key-size", "2048")
    (bench.folder / "key.pem.pub").rename(bench.folder / "card.rsa.pub")
    for command in ("openssl pkcs8 -topk8 -nocrypt -in key.pem -out plain.pem", "softhsm2-util --init-token --free --label box --pin 1234 --so-pin 5678",
                    "softhsm2-util --import plain.pem --token box --label release --id 01 --pin 1234"):
        subprocess.run(command.split(), cwd=bench.folder, env={**os.environ, **env}, check=True, capture_output=True)
    (bench.folder / "key.pem").unlink()
    (bench.folder / "plain.pem").unlink()
    (bench.folder / "pin").write_text("1234\n")
    return "pkcs11:token=box;object=release;type=private", env


def whole_or_not_at_all(bench):
    """what cannot be written leaves the old file, nothing beside it, and an error that names the file and what to do."""
    bench.run("keygen", "pair.rsa", "--key-size", "2048")
    before = (bench.folder / "pair.rsa").read_bytes()
    (bench.folder / "pair.rsa.pub").unlink()
    (bench.folder / "pair.rsa.pub").mkdir()
    done = bench.run("keygen", "pair.rsa", "--key-size", "2048", "--force", status=4)
    expect("pair.rsa.pub" in done.stderr and "help: " in done.stderr, done.stderr)
    expect((bench.folder / "pair.rsa").read_bytes() == before, "the private key of the old pair is lost")
    packages = make_packages(bench.folder / "packages", "p", 40)
    small = ("sh", "-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh")
    done = bench.run("index", "-o", "packages/APKINDEX.tar.gz", *packages, prefix=small, status=4)
    expect("packages/APKINDEX.tar.gz" in done.stderr and "help: " in done.stderr, done.stderr)
    left = [path.name for path in bench.folder.rglob("*") if path.name.startswith(".") or "APKINDEX" in path.name]
    expect(not left, left)
    done = bench.run("lint", bench.recipe("package: {name: a, version: '1', epoch: 0}\n"), status=4)
    expect("quern check" in done.stderr, done.stderr)
    for words in (("lint", packages[0]), ("scan", "--explain", packages[0]), ("diff", packages[0], packages[1]), ("show", "--files", packages[0]),
                  ("verify", "--ignore-signatures", packages[0]), ("rebuild", packages[0])):
        done = bench.run("--max-package-data-bytes", "1000", *words, status=(1, 4, 5))
        expect("--max-package-data-bytes" in done.stdout + done.stderr, done.stdout + done.stderr)
    for words, status in ((("resolve", "--index", packages[0], "--arch", "x86_64", "--", "a"), 1), (("convert", "pair.rsa"), 4),
                          (("resolve", "--index", "none", "--arch", "x86_64", "--", "a"), 4), (("keygen", "x.rsa", "--key-size", "12"), 2)):
        done = bench.run(*words, status=status)
        expect("help: " in done.stderr and done.stderr.count("reading none") < 2, done.stderr)


def signs_in_token(bench):
    """a key in a token signs packages and index by its URI, and its PIN comes from a file."""
    uri, env = token(bench)
    flags = ("--signing-key", uri, "--signer-key", "card.rsa.pub", "--passphrase-file", "pin")
    packages = make_packages(bench.folder / "repo/x86_64", "p", 4)
    done = bench.run("sign", *flags, *packages, env=env, status=(0, 4))
    if "no engine for PKCS#11" in done.stderr:
        raise Skip("no engine here (apt-get install libengine-pkcs11-openssl)")
    index = bench.folder / "repo/x86_64/APKINDEX.tar.gz"
    bench.run("index", "-o", index, *flags, *packages, env=env)
    bench.run("verify", "--keyring-append", "card.rsa.pub", index.parent, *packages)
    (bench.folder / "pin").write_text("9999\n")
    told = bench.run("sign", *flags, packages[0], env=env, status=5).stderr
    expect("9999" not in told and "gives no such key" in told, told)
    (bench.folder / "pin").write_text("1234\n")
    bench.run("keygen", "other.rsa", "--key-size", "2048")
    told = bench.run("sign", "--signing-key", uri, "--signer-key", "other.rsa.pub", "--passphrase-file", "pin", packages[0], env=env, status=5)
    expect("not that of other.rsa.pub" in told.stderr, told.stderr)
    bench.run("sign", "--signing-key", uri, packages[0], env=env, status=2)
    bench.run("verify", "--keyring-append", "card.rsa.pub", *packages)


main([signs, refuses, passphrases, whole_or_not_at_all, signs_in_token])
