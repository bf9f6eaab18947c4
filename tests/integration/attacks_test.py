#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Hostile packages, indexes, keys, caches and servers against the finished program: each is refused with its exit status, and nothing is
written, trusted or told that should not be. tests/conformance/attacks.tsv says which row of the list of attacks each case shows."""
import hashlib
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import (crafted_index, crafted_package, index, lock, make_packages, make_repository, recipe, squeeze, tar_of)
from web import Web
from workbench import QUERN, expect, main

INFO = "pkgname = {}\npkgver = {}\narch = {}\nsize = 1\n"
CANARY = "c4n4ry"


def flip(path, from_end):
    """Changes one byte in place, as a bad disk does."""
    with open(path, "r+b") as file:
        file.seek(-1 - from_end, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


def says(done, *texts):
    for text in texts:
        expect(text in done.stderr, f"does not say {text!r}:\n{done.stderr}")
    return done


def another_package(bench):
    """a valid package that the index does not name is refused, from a server and from a folder."""
    repository = make_repository(bench)
    other = make_packages(bench.folder / "other", "p", 1, 999, key=bench.folder / "key.rsa")[0]
    pathlib.Path(other).replace(repository / "x86_64/p-0-1-r0.apk")
    with Web(repository) as web:
        says(lock(bench, web.url(), status=5), "p-0", "the control section is not the one that the index names")
    says(lock(bench, repository, status=5), "the control section is not the one that the index names")
    says(bench.run("verify", "-k", "key.rsa.pub", repository / "x86_64", status=5))
    expect(not (bench.folder / "recipe/melange.lock.json").exists(), "a lock was written")


def other_data(bench):
    """the right control section over other data is refused before it is used."""
    repository = make_repository(bench)
    flip(repository / "x86_64/p-1-1-r0.apk", 50)
    with Web(repository) as web:
        says(lock(bench, web.url(), status=5), "p-1", "the data section is not the one that the control section names")
    kept = [path.name for path in (bench.folder / "cache/packages").iterdir()]
    expect(len(kept) <= 2, f"the bad one was kept: {kept}")
    done = bench.run("verify", "-k", "key.rsa.pub", repository / "x86_64/p-1-1-r0.apk", status=(4, 5))
    expect("BAD" in done.stdout, done.stdout)


def flipped_caches(bench):
    """one flipped byte in a kept package, index or key is found and fetched again; offline it is an error."""
    repository = make_repository(bench)
    (repository / "key.rsa.pub").write_bytes((bench.folder / "key.rsa.pub").read_bytes())
    with Web(repository) as web:
        flags = {"key": web.url("/key.rsa.pub")}
        lock(bench, web.url(), **flags)
        for kind in ("packages", "indexes", "keys"):
            files = [path for path in (bench.folder / "cache" / kind).rglob("*") if path.is_file() and path.suffix != ".note"]
            expect(files, f"nothing is kept in {kind}")
            for offset in (0, 200):
                flip(files[0], offset)
                asked = len(web.requests)
                broken = lock(bench, web.url(), "--offline", status=5 if kind == "packages" else 4, **flags)
                says(broken, "offline")
                expect(len(web.requests) == asked, "offline, and a server was asked")
                lock(bench, web.url(), **flags)
                lock(bench, web.url(), "--offline", **flags)


def bombs(bench):
    """bombs end at a limit whose flag is named, and the flag moves the limit."""
    bomb = bench.folder / "bomb/x86_64/APKINDEX.tar.gz"
    crafted_index(bomb, b"C:" + b"x" * (8 << 20))
    words = ("resolve", "-r", bench.folder / "bomb", "--arch", "x86_64", "--ignore-signatures", "--cache-root", "cache", "x")
    says(bench.run("--max-index-text-bytes", "1MiB", *words, status=4), "--max-index-text-bytes")
    says(bench.run("--max-apkindex-decompressed-size", "100k", *words, status=4), "--max-index-text-bytes")
    says(bench.run("--max-index-text-bytes", "100MiB", *words, status=4), "--max-index-line-bytes")
    says(bench.run("--max-index-file-bytes", "1k", *words, status=4), "--max-index-file-bytes")
    crafted_index(bomb, "".join(f"P:a{i}\nV:1-r0\nD:{'b ' * 50}\n\n" for i in range(100)))
    says(bench.run("--max-index-entries", "99", *words, status=4), "--max-index-entries")
    says(bench.run("--max-index-relations", "4000", *words, status=4), "--max-index-relations")
    package = crafted_package(bench.folder / "x.apk", INFO.format("x", "1-r0", "x86_64"), control={".post-install": b"#" * (4 << 20)})
    says(bench.run("--max-package-control-bytes", "1MiB", "index", package, status=4), "--max-package-control-bytes")
    bench.run("index", package)
    says(bench.run("--max-package-data-bytes", "x", "index", package, status=2), "--max-package-data-bytes")


def endless_answers(bench):
    """endless and enormous answers end at a limit that is named."""
    repository = make_repository(bench)
    with Web(repository, lambda path: ("endless", 0) if path.endswith("gz") else None) as web:
        says(lock(bench, web.url(), "--max-index-file-bytes", "1MiB", status=4), "--max-index-file-bytes")
    with Web(repository, lambda path: ("announce", 100 << 30) if path.endswith("apk") else None) as web:
        says(lock(bench, web.url(), status=4), "--max-download-bytes")
    with Web(repository, lambda path: ("redirect", path) if path.endswith("gz") else None) as web:
        says(lock(bench, web.url(), status=4), "redirects more than")
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"):
        with Web(repository, lambda path: ("redirect", target) if path.endswith("gz") else None) as web:
            done = says(lock(bench, web.url(), status=4), "redirects")
            expect("root:" not in done.stderr, "a file of this machine was read")


def wrong_keys(bench):
    """what is no good public key is refused by its place before anything is fetched."""
    repository = make_repository(bench)
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.pem"], cwd=bench.folder, check=True)
    subprocess.run(["openssl", "ec", "-in", "ec.pem", "-pubout", "-out", "ec.pub"], cwd=bench.folder, check=True, capture_output=True)
    (bench.folder / "garbage.pub").write_bytes(b"\x00\xff garbage")
    (bench.folder / "empty.pub").write_bytes(b"")
    (bench.folder / "huge.pub").write_bytes(b"-----BEGIN PUBLIC KEY-----\n" + b"A" * (1 << 20))
    (bench.folder / "folder.pub").mkdir()
    with Web(repository) as web:
        for name in ("garbage.pub", "empty.pub", "ec.pub", "huge.pub", "key.rsa", "none.pub"):
            done = lock(bench, web.url(), key=bench.folder / name, status=4)
            says(done, name)
            expect("PRIVATE" not in done.stderr, done.stderr)
        expect(not web.requests, f"fetched with no key: {web.requests}")
        lock(bench, web.url(), key=bench.folder / "folder.pub", status=5)
    text = (bench.folder / "key.rsa").read_text()
    middle = text.splitlines()[3]
    for words in (("sign-index", "--signing-key", text, "x"), ("index", "--signing-key", text, "x.apk"), ("verify", "-k", text, "x")):
        done = bench.run(*words, status=2)
        expect(middle not in done.stdout + done.stderr, "the key was echoed")


def trust_from_around(bench):
    """no trust comes from the current folder, ./keys, HOME or the environment."""
    repository = make_repository(bench)
    for place in ("keys", "etc/apk/keys", ".config/quern/keys", ".abuild"):
        (bench.folder / place).mkdir(parents=True)
        (bench.folder / place / "key.rsa.pub").write_bytes((bench.folder / "key.rsa.pub").read_bytes())
    env = {"HOME": str(bench.folder), "ABUILD_APK_INDEX_OPTS": "--allow-untrusted", "APK_KEYS": str(bench.folder / "keys")}
    says(bench.run("resolve", "-r", repository, "--arch", "x86_64", "--cache-root", "cache", "p-0", status=5, env=env), "key")


def laundered_index(bench):
    """only what the signature covers counts: unsigned members, other signatures and path-like key names are refused."""
    repository = make_repository(bench)
    path = repository / "x86_64/APKINDEX.tar.gz"
    good = path.read_bytes()
    at = [match.start() for match in re.finditer(rb"\x1f\x8b\x08", good)]
    signature, body = good[:at[1]], good[at[1]:]
    evil = squeeze(tar_of({"DESCRIPTION": b"", "APKINDEX": b"P:evil\nV:1-r0\n\n"}))
    cases = {
        "another body": signature + evil,
        "a second body behind": good + evil,
        "a body in the signature": squeeze(tar_of({"APKINDEX": b"P:evil\nV:1-r0\n\n"}, end=False)) + body,
        "no signature": body,
        "a path for a key name": squeeze(tar_of({".SIGN.RSA256.../key.rsa.pub": b"x" * 256}, end=False)) + body,
        "a cut body": good[:-20],
        "nothing": b"",
    }
    for name, content in cases.items():
        path.write_bytes(content)
        done = subprocess.run([QUERN, "resolve", "-r", repository, "-k", "key.rsa.pub", "--arch", "x86_64", "--cache-root", "cache", "p-0"],
                              cwd=bench.folder, capture_output=True, text=True, check=False)
        expect(done.returncode in (4, 5) and not done.stdout, f"{name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        before = path.read_bytes()
        if name == "another body":
            index(bench, repository / "x86_64", "--merge", repository / "x86_64/p-0-1-r0.apk", status=5)
            expect(path.read_bytes() == before, "the index was signed anew")
    path.write_bytes(good)
    bench.run("resolve", "-r", repository, "-k", "key.rsa.pub", "--arch", "x86_64", "--cache-root", "cache", "p-0")


def hostile_names(bench):
    """names, versions and architectures that are paths are refused before a path is made of them."""
    for number, (name, version, arch) in enumerate([("../evil", "1-r0", "x86_64"), ("evil", "../1", "x86_64"), ("evil", "1-r0", "../x"),
                                                    (".evil", "1-r0", "x86_64"), ("a/b", "1-r0", "x86_64"), ("", "1-r0", "x86_64")]):
        package = crafted_package(bench.folder / f"in/{number}.apk", INFO.format(name, version, arch))
        for words in (("index", "-o", "out/APKINDEX.tar.gz"), ("show",), ("sign", "--signing-key", "key.rsa")):
            if words[0] == "sign" and not (bench.folder / "key.rsa").exists():
                bench.run("keygen", "--key-size", "2048", "key.rsa")
            done = subprocess.run([QUERN, *words, package], cwd=bench.folder, capture_output=True, text=True, check=False)
            expect(done.returncode == 4, f"{words[0]} takes {name} {version} {arch}: {done.returncode} {done.stderr}")
    expect(not list(bench.folder.rglob("evil*")), "something was written")
    for text in ("P:../evil\nV:1-r0\n\n", "P:evil\nV:../1\n\n", "P:e\0vil\nV:1-r0\n\n"):
        file = crafted_index(bench.folder / "i.tar.gz", text)
        bench.run("resolve", "--index", file, "--arch", "x86_64", "evil", status=1)


def damaged_packages(bench):
    """truncated, empty and padded packages, and a .PKGINFO in a wrong place or twice, are refused by name."""
    package = pathlib.Path(make_packages(bench.folder / "in", "p", 1)[0])
    good = package.read_bytes()
    info = INFO.format("p-0", "1-r0", "x86_64")
    control = squeeze(tar_of({".PKGINFO": info.encode()}, end=False))
    cases = {"empty": b"", "cut in control": good[:200], "cut in data": good[:-100], "bytes behind": good + b"\0" * 512,
             "a member behind": good + squeeze(b"x"), "info in the signature": squeeze(tar_of({".PKGINFO": info.encode()}, end=False)) + good,
             "without datahash": control + squeeze(tar_of({"x": b"x"}, records=True)), "garbage": b"\x1f\x8b" + b"\xff" * 300,
             "text": b"hello\n"}
    for name, content in cases.items():
        package.write_bytes(content)
        done = subprocess.run([QUERN, "verify", "--ignore-signatures", package], cwd=bench.folder, capture_output=True, text=True, check=False)
        expect(done.returncode in (4, 5) and "p-0" in done.stdout + done.stderr, f"{name}: {done.returncode} {done.stdout}{done.stderr}")
    for name, files in {"a file twice": {"x": b"x", "./x": b"y"}, "out of the root": {"../x": b"x"}, "absolute": {"/x": b"x"}}.items():
        crafted_package(package, info, files=files)
        done = subprocess.run([QUERN, "verify", "--ignore-signatures", package], cwd=bench.folder, capture_output=True, text=True, check=False)
        expect(done.returncode in (4, 5), f"{name}: {done.returncode} {done.stdout}{done.stderr}")


def hostile_indexes(bench):
    """broken and puzzling indexes: no crash, bounded, named; CRLF is read."""
    file = bench.folder / "APKINDEX"
    cycle = "".join(f"P:c{i}\nV:1-r0\nD:c{(i + 1) % 3000}\n\n" for i in range(3000))
    for text, status in [(b"P:a\r\nV:1-r0\r\n\r\n", 0), (b"P\n\n", 1), (b"P:a\nV:1-r0\nt:x\n\n", 1), (b"P:a\nV:1-r0\nk:-1\n\n", 1),
                         (b"P:a\nV:1-r0\nT:" + b"x" * (30 << 20) + b"\n\n", 4), (b"\0" * 100, 1), (b"P:a\nV:1-r0\n\n" + cycle.encode(), 0)]:
        file.write_bytes(text)
        bench.run("resolve", "--index", file, "--arch", "x86_64", "a", status=status, timeout=30)
    bench.run("resolve", "--index", file, "--arch", "x86_64", "c7", timeout=30)


def control_characters(bench):
    """escape sequences and line breaks of a package reach no terminal and no line of their own."""
    info = INFO.format("x", "1-r0", "x86_64") + "pkgdesc = \x1b[2J\x1b]0;title\x07red\nurl = https://x/\x1b[31m\nlicense = MIT\x1b[0m\n"
    package = crafted_package(bench.folder / "x.apk", info)
    for words in (("show", package), ("show", "--files", package), ("verify", "--ignore-signatures", package), ("index", package)):
        done = subprocess.run([QUERN, *map(str, words)], cwd=bench.folder, capture_output=True, check=False)
        expect(b"\x1b" not in done.stdout + done.stderr, f"{words[0]} prints an escape: {done.stdout!r}")
        expect(done.returncode in (0, 4, 5), f"{words[0]}: {done.returncode}")
    text = "P:x\nV:1-r0\nT:\x1b[2Jred\n\n"
    done = subprocess.run([QUERN, "show", crafted_index(bench.folder / "A.tar.gz", text)], capture_output=True, check=False)
    expect(b"\x1b" not in done.stdout + done.stderr, "an index prints an escape")


def modes(bench):
    """whatever the umask, nothing is writable for others and private keys are private."""
    digests = set()
    for mask in ("000", "077", "022"):
        bench.folder.joinpath(mask).mkdir()
        words = (f"umask {mask}; '{QUERN}' keygen --key-size 2048 {mask}/k.rsa >/dev/null && "
                 f"'{QUERN}' index -o {mask}/x86_64/APKINDEX.tar.gz --html https://x.example {mask}/x86_64 >/dev/null && "
                 f"'{QUERN}' lock recipe/melange.yaml --ignore-signatures --arch x86_64 -r {mask} --cache-root {mask}/cache "
                 f"--output {mask}/l.json >/dev/null 2>&1")
        recipe(bench, "p-0")
        make_packages(bench.folder / mask / "x86_64", "p", 1)
        subprocess.run(["sh", "-c", words], cwd=bench.folder, check=True)
        for path in (bench.folder / mask).rglob("*"):
            mode = stat.S_IMODE(path.lstat().st_mode)
            expect(not mode & 0o022 or "make_packages" in str(path), f"umask {mask}: {path} has {mode:o}")
        expect(stat.S_IMODE((bench.folder / mask / "k.rsa").stat().st_mode) == 0o600, "the private key is not 0600")
        digests.add((bench.folder / mask / "x86_64/APKINDEX.tar.gz").read_bytes())
    expect(len(digests) == 1, "the umask changes the index")


def secrets(bench):
    """a password in a URL, HTTP_AUTH or netrc is found in no output, cache, lock or name, whether things go well or not."""
    repository = make_repository(bench)
    (repository / "key.rsa.pub").write_bytes((bench.folder / "key.rsa.pub").read_bytes())
    outputs = []

    def run(status, base, key, env=None, words=()):
        outputs.append(lock(bench, base, "-vv", *words, key=key, status=status, env=env))

    with Web(repository) as web:
        user = f"user:{CANARY}@"
        run(0, web.url("", user), web.url("/key.rsa.pub", user))
        expect(web.headers_seen("Authorization"), "the password was not used")
        locked = (bench.folder / "recipe/melange.lock.json").read_text()
        expect(CANARY not in locked, "the lock has the password")
        run(4, web.url("/none", user), bench.folder / "key.rsa.pub")
        run(4, web.url("", user), web.url("/none.pub", user))
        run(4, f"http://{user}127.0.0.1:1", bench.folder / "key.rsa.pub", words=("--download-retries", "0"))
        run(4, f"http://{user}bad host/x", bench.folder / "key.rsa.pub")
        run((2, 4), f"http://{user}[::bad/x", bench.folder / "key.rsa.pub")
        run(4, f"ftp://{user}127.0.0.1/x", bench.folder / "key.rsa.pub")
        web.fault = lambda path: ("flip", 30) if path.endswith("apk") else None
        bench.run("cache", "clean", "--cache-root", "cache")
        run(5, web.url("", user), bench.folder / "key.rsa.pub")
        web.fault = lambda path: None
        web.requests.clear()
        run(0, web.url(), bench.folder / "key.rsa.pub", {"HTTP_AUTH": f"basic:127.0.0.1:user:{CANARY}"})
        expect(web.headers_seen("Authorization"), "HTTP_AUTH was not used")
        run(2, web.url(), bench.folder / "key.rsa.pub", {"HTTP_AUTH": f"basic:{CANARY}"})
        (bench.folder / ".netrc").write_text(f"machine 127.0.0.1 login user password {CANARY}\n")
        web.requests.clear()
        run(0, web.url(), bench.folder / "key.rsa.pub", {"HOME": str(bench.folder)})
        expect(web.headers_seen("Authorization"), "netrc was not used")
        (bench.folder / ".netrc").rename(bench.folder / "passwords")
        web.requests.clear()
        run(0, web.url(), bench.folder / "key.rsa.pub", {"NETRC": str(bench.folder / "passwords")})
        expect(web.headers_seen("Authorization"), "NETRC was not used")
    for done in outputs:
        expect(CANARY not in done.stdout + done.stderr, f"told:\n{done.stdout}{done.stderr}")
    for path in (bench.folder / "cache").rglob("*"):
        expect(CANARY not in path.name, f"a name has it: {path}")
        expect(not path.is_file() or CANARY.encode() not in path.read_bytes(), f"kept in {path}")


def environment(bench):
    """the caller's environment is printed by no command, however much it is asked to tell, on success and failure."""
    repository = make_repository(bench)
    env = {"QUERN_TEST_TOKEN": CANARY, "GITHUB_TOKEN": CANARY, CANARY: "x"}
    outputs = [lock(bench, repository, "-vv", env=env), lock(bench, repository, "-vv", packages=("none",), env=env, status=1),
               bench.run("-vv", "doctor", env=env, status=(0, 4)), bench.run("-vv", "resolve", "--index", "none", "x", env=env, status=4),
               bench.run("-vv", "index", "none.apk", env=env, status=4), bench.run("-vv", "compile", "--arch", "x86_64", recipe(bench, "p-0"), env=env)]
    for done in outputs:
        expect(CANARY not in done.stdout + done.stderr, f"told:\n{done.stdout}{done.stderr}")


def other_hosts(bench):
    """credentials go to the host that was named, and to none that it redirects to."""
    repository = make_repository(bench)
    with Web(repository) as other:
        moved = {}
        with Web(repository, lambda path: ("redirect", other.url(path, host="localhost")) if moved else None) as web:
            for env, user in (({}, f"user:{CANARY}@"), ({"HTTP_AUTH": f"basic:127.0.0.1:user:{CANARY}"}, "")):
                moved["yes"] = True
                web.requests.clear()
                bench.run("cache", "clean", "--cache-root", "cache")
                lock(bench, web.url("", user), env=env)
                expect(web.headers_seen("Authorization"), "not even the named host got it")
                expect(len(other.requests) >= 4, "the redirect was not followed")
                expect(not other.headers_seen("Authorization"), "the other host got it")


def interrupted(bench):
    """Ctrl-C ends a download promptly with 130 and keeps nothing that is not whole."""
    repository = make_repository(bench, size=400_000)
    with Web(repository, lambda path: ("drip", 30) if path.endswith("apk") else None) as web:
        child = subprocess.Popen([QUERN, "lock", recipe(bench, "p-0", "p-1"), "--arch", "x86_64", "--cache-root", "cache", "-r", web.url(),
                                  "-k", "key.rsa.pub"], cwd=bench.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not any(path.endswith("apk") for path, _ in web.requests):
            expect(child.poll() is None, "ended before")
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=10)
        expect(child.returncode == 130, f"exit {child.returncode}: {error}")
    expect(not list((bench.folder / "cache/packages").iterdir()), "a part was kept")
    expect(not (bench.folder / "recipe/melange.lock.json").exists(), "a lock was written")


def installed_databases(bench):
    """a hostile database of installed packages in an image ends in an answer or an error, soon and within bounds."""
    record = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1-r0\nA:x86_64\nS:1\nI:1\n"
    chain = "".join(f"P:p{i}\nV:1\nD:p{(i + 1) % 3000}\n\n" for i in range(3000))
    databases = {
        "short lines": "P\nV\n:\n\nF\nR\n\n", "empty names": "P:\nV:\n\nF:\nR:\nZ:\n\n", "no end": record + "F:usr\nR:x", "a NUL": record + "F:a\0b\n\n",
        "only files": "F:usr\nR:x\n" * 50_000, "a long line": record + "F:" + "d/" * 1_000_000 + "\n\n", "bad numbers": record.replace("S:1", "S:-1e99") + "\n",
        "a circle": chain, "a name that is a path": record.replace("P:a", "P:../../a") + "\n",
        "an escape": record + "T:\x1b[2Jred\nF:\x1b[2J\nR:\x1b]0;x\x07\n\n",
        "no text": bytes(range(256)).decode("latin-1") * 500, "twice": (record + "F:usr\nR:x\n\n") * 2, "nothing": "",
    }
    for name, text in databases.items():
        layer = tar_of({"usr/lib/apk/db/installed": text.encode("latin-1"), "etc/apk/world": b"a p0\n", "usr/x": b"x"})
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                             "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
        manifest = json.dumps([{"Config": "config.json", "RepoTags": ["x:1"], "Layers": ["layer.tar"]}]).encode()
        (bench.folder / "image.tar").write_bytes(tar_of({"manifest.json": manifest, "config.json": config, "layer.tar": layer}))
        for words in (("explain", "image.tar", "usr/x"), ("explain", "image.tar", "p0"), ("diff", "image.tar", "image.tar")):
            done = subprocess.run([QUERN, "image", *words], cwd=bench.folder, capture_output=True, check=False, timeout=30)
            expect(done.returncode in (0, 1), f"{name}: {words[0]} exits with {done.returncode}: {done.stderr[:300]}")
            expect(b"\x1b" not in done.stdout + done.stderr, f"{name}: {words[0]} prints an escape")


def publishers(bench):
    """eight publishers to one index at once lose nothing."""
    repository = make_repository(bench, count=1)
    packages = [make_packages(bench.folder / f"in{i}", f"n{i}", 3, key=bench.folder / "key.rsa") for i in range(8)]
    moved = []
    for group in packages:
        moved.append([str(pathlib.Path(path).rename(repository / "x86_64" / pathlib.Path(path).name)) for path in group])
    children = [subprocess.Popen([QUERN, "index", "--merge", "--signing-key", "key.rsa", "-o", repository / "x86_64/APKINDEX.tar.gz", *group],
                                 cwd=bench.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for group in moved]
    for child in children:
        _, error = child.communicate()
        expect(child.returncode == 0, error)
    bench.run("verify", "-k", "key.rsa.pub", repository / "x86_64")
    done = bench.run("show", repository / "x86_64/APKINDEX.tar.gz", "--format", "json")
    expect(done.stdout.count('"name"') == 25, f"{done.stdout.count(chr(34) + 'name' + chr(34))} entries")


main([another_package, other_data, flipped_caches, bombs, endless_answers, wrong_keys, trust_from_around, laundered_index, hostile_names,
      damaged_packages, hostile_indexes, control_characters, modes, secrets, environment, other_hosts, interrupted, publishers, installed_databases])
