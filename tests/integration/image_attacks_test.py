#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Hostile packages, indexes, image files and base images: each is refused with a clear error, and nothing is written (attacks P1 to P17)."""
import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import sys
import tarfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_bench import Repository, identity, make_apk, pack, tar_member
from web import Web
from workbench import expect, main

DIRECTORY = tarfile.DIRTYPE


def refuse(bench, repository, image, *words):
    """The build fails with one message and leaves no output; gives the message."""
    done = repository.build(image, "out.tar", *words, status=1)
    expect(not (bench.folder / "out.tar").exists(), "something was written")
    expect(done.stderr.count("quern: error:") == 1 or "error:" in done.stderr, done.stderr)
    return done.stderr


def paths_out(bench):
    """P1: names that lead out of the root are refused for every kind of entry."""
    for number, name in enumerate(("../x", "a/../../x", "/etc/x", "a/..", "a//b", "./../x", "a/./b", "n" * 300)):
        for kind in (tarfile.REGTYPE, DIRECTORY, tarfile.SYMTYPE):
            folder = bench.folder / f"{number}-{kind.decode()}"
            folder.mkdir()
            repository = Repository(bench, folder.name + "/r").add("evil", [tar_member(name, kind, link="t" if kind == tarfile.SYMTYPE else "")]).index()
            refuse(bench, repository, repository.image("evil"))
    expect(not (bench.folder.parent / "x").exists(), "a file was written outside")


def planted_links(bench):
    """P2: what goes through a planted link stays in the image, across packages too."""
    target = bench.folder / "victim"
    target.mkdir()
    repository = Repository(bench).add("a", [tar_member("out", tarfile.SYMTYPE, link=str(target)), tar_member("up", tarfile.SYMTYPE, link="../../../../" + str(target))])
    repository.add("b", [tar_member("x", body=b"1")]).index()
    image = repository.image("a", "b", more=f"paths:\n  - {{path: {target}, type: directory, permissions: 0o755}}\n"
                                            "  - {path: /out/file, type: empty-file, permissions: 0o644}\n"
                                            "  - {path: /up/sub, type: directory, permissions: 0o777, recursive: true}\n")
    done = repository.build(image, "out.tar")
    expect(not list(target.iterdir()), "something was written to the target of the link")
    expect(done.returncode == 0, done.stderr)


def other_package(bench):
    """P3: a valid but different package for an index entry is refused."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"good")]).index()
    (repository.path / "x86_64/good-1.0-r0.apk").write_bytes(make_apk("good", [tar_member("x", body=b"evil")]))
    expect("good" in refuse(bench, repository, repository.image("good")), "the package is not named")


def other_data(bench):
    """P4: the right control section with other data is refused."""
    good = make_apk("good", [tar_member("x", body=b"good")])
    evil = make_apk("good", [tar_member("x", body=b"evil")], data_hash=hashlib.sha256(b"other").hexdigest())
    repository = Repository(bench)
    (repository.path / "x86_64/good-1.0-r0.apk").write_bytes(evil)
    repository.index()
    refuse(bench, repository, repository.image("good"))
    expect(good != evil, "the packages are the same")


def damaged_cache(bench):
    """P5: a flipped byte in a cached layer is noticed, and the layer is made again."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"good" * 5000)]).index()
    image = repository.image("good")
    repository.build(image, "one.tar")
    for layer in (bench.folder / "cache/image/layers").iterdir():
        layer.chmod(0o644)
        content = bytearray(layer.read_bytes())
        content[len(content) // 2] ^= 1
        layer.write_bytes(content)
    repository.build(image, "two.tar")
    expect((bench.folder / "one.tar").read_bytes() == (bench.folder / "two.tar").read_bytes(), "the damage is in the image")


def bombs(bench):
    """P6, P16: bombs in packages and indexes end at a limit whose flag is named, by our name or the peer's; what is within it passes."""
    repository = Repository(bench).add("zeros", [tar_member("x", body=bytes(3_000_000)), *(tar_member(f"f{i}") for i in range(50))]).index()
    image = repository.image("zeros")
    for flag, value, named in (
            ("--max-package-data-bytes", "1MiB", "--max-package-data-bytes"), ("--max-apk-data-size", "1000000", "--max-package-data-bytes"),
            ("--max-package-control-bytes", "100", "--max-package-control-bytes"), ("--max-apk-control-size", "100", "--max-package-control-bytes"),
            ("--max-package-entries", "20", "--max-package-entries"), ("--max-index-file-bytes", "100", "--max-index-file-bytes"),
            ("--max-index-text-bytes", "100", "--max-index-text-bytes"), ("--max-apkindex-decompressed-size", "100", "--max-index-text-bytes")):
        message = refuse(bench, repository, image, flag, value)
        expect(named in message, f"{flag}: {message}")
        repository.build(image, "out.tar", flag, "100MiB" if "entries" not in flag else "1000")
        (bench.folder / "out.tar").unlink()


def large_downloads(bench):
    """P6, P11: an endless or enormous answer to a request for an index or a package ends at a limit whose flag is named."""
    repository = Repository(bench).add("good", [tar_member("x", body=bytes(range(256)) * 1000)]).index()
    fault = {}
    with Web(repository.path, lambda path: next((lie for end, lie in fault.items() if path.endswith(end)), None)) as web:
        image = repository.image("good")
        image.write_text(image.read_text().replace(str(repository.path), web.url()))
        for end, lie in (("APKINDEX.tar.gz", ("endless", 0)), (".apk", ("endless", 0)), (".apk", ("announce", 10 ** 11))):
            fault.clear()
            fault[end] = lie
            message = refuse(bench, repository, image, "--max-http-response-size", "300000", "--download-retries", "0")
            expect("--max-download-bytes" in message or "--max-index-file-bytes" in message or "bytes" in message, f"{end} {lie}: {message}")
        fault.clear()
        repository.build(image, "out.tar")


def passwords_of_repositories(bench):
    """K1, M18: what repositories are read with is in no file of the image and in no text about it; what is written for the image alone is."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"x")]).index()
    with Web(repository.path) as web:
        image = repository.image("good", more="  runtime_repositories: ['http://me:wanted@example.org/r']\n")
        secret = web.url("/", "me:canary@")
        image.write_text(image.read_text().replace(str(repository.path), f"'{secret}'"))
        done = bench.run("--cache-root", bench.folder / "cache", "image", "minirootfs", image, "root.tar", "--arch", "x86_64", "-b", secret, "-r", secret)
        expect(web.headers_seen("Authorization"), "the password was not used")
        shown = bench.run("image", "show-config", image).stdout + bench.run("--format", "json", "image", "show-config", image).stdout
    for text in ((bench.folder / "root.tar").read_bytes(), shown.encode(), (done.stdout + done.stderr).encode()):
        expect(b"canary" not in text, "the password is in it")
    with tarfile.open(bench.folder / "root.tar") as archive:
        lines = archive.extractfile("etc/apk/repositories").read().decode()
    expect(lines == f"{web.url()}\nhttp://me:wanted@example.org/r\n", lines)


def large_images(bench):
    """P6: images that are looked at unpack within limits whose flags are named."""
    repository = Repository(bench).add("zeros", [tar_member("x", body=bytes(3_000_000)), *(tar_member(f"f{i}") for i in range(50))]).index()
    repository.build(repository.image("zeros"), "out.tar")
    for words in (("diff", "out.tar", "out.tar"), ("explain", "out.tar", "/x")):
        for flag, value in (("--max-archive-total-bytes", "1MiB"), ("--max-archive-entries", "20")):
            message = bench.run("image", *words, flag, value, status=1).stderr
            expect(flag in message, f"{flag}: {message}")
        bench.run("image", *words, "--max-archive-total-bytes", "100MiB", "--max-archive-entries", "1000")


def images_that_lie(bench):
    """P5: a blob of an image that is not what its name says is found by whatever looks at the image."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"good" * 5000)]).index()
    for output, kind in (("layout", "oci-dir"), ("o.tar", "oci-archive")):
        repository.build(repository.image("good"), output, "--output-type", kind)
    good = {path: path.read_bytes() for path in (bench.folder / "layout/blobs/sha256").iterdir()}
    archive = (bench.folder / "o.tar").read_bytes()

    def expect_found(output, name):
        for words in (("diff", output, output), ("explain", output, "/x"), ("diff", "whole", output)):
            message = bench.run("image", *words, status=1).stderr
            expect(name in message, f"{words}: {message}")

    shutil.copytree(bench.folder / "layout", bench.folder / "whole")
    for path, content in good.items():
        # A byte in the middle of a gzip stream, or one of JSON that stays JSON.
        wrong = content.replace(b"sha256:", b"sha256 ", 1) if content.startswith(b"{") else content[:9] + bytes([content[9] ^ 1]) + content[10:]
        path.write_bytes(wrong)
        expect_found("layout", "sha256")
        path.write_bytes(content)
        at = archive.index(content)
        (bench.folder / "o.tar").write_bytes(archive[:at] + wrong + archive[at + len(wrong):])
        expect_found("o.tar", "sha256")
    (bench.folder / "o.tar").write_bytes(archive)
    bench.run("image", "diff", "layout", "o.tar")


class Registry(http.server.BaseHTTPRequestHandler):
    """Answers every request by `lie(method, path)`: status, headers, body (or None: an endless one)."""
    protocol_version = "HTTP/1.1"

    def reply(self):
        length = int(self.headers.get("Content-Length", 0))
        while length > 0:
            length -= len(self.rfile.read(min(length, 1 << 16))) or length
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        status, headers, body = self.server.lie(self.command, self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.close_connection = True
        try:
            if self.command != "HEAD":
                self.wfile.write(body or b"")
            while body is None and self.command != "HEAD":
                self.wfile.write(bytes(1 << 16))
        except OSError:
            pass  # it had enough

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = reply

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def lying_registry(lie):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads, server.lie, server.seen = True, lie, []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def lying_registries(bench):
    """P11, P17: a registry that answers nonsense ends the push soon with an error, and gets no other host the credentials."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"good" * 5000)]).index()
    image = repository.image("good")
    (bench.folder / "docker").mkdir()

    def push(server, name):
        host = f"127.0.0.1:{server.server_address[1]}"
        secret = base64.b64encode(b"me:secret").decode()
        (bench.folder / "docker/config.json").write_text(json.dumps({"auths": {host: {"auth": secret}}}))
        done = bench.run("--cache-root", bench.folder / "cache", "image", "publish", image, f"{host}/team/img:1", "--arch", "x86_64", "--sbom=false",
                         "--download-retries", "0", env={"DOCKER_CONFIG": str(bench.folder / "docker")}, status=1, timeout=60)
        expect("error" in done.stderr and "secret" not in done.stderr, f"{name}: {done.stderr}")
        expect("help: " in done.stderr, f"{name}: no next move: {done.stderr}")

    with lying_registry(lambda method, path: (202, {"Location": "/v2/team/img/blobs/uploads/x", "WWW-Authenticate": 'Basic realm="x"'}, b"")) as other:
        elsewhere = f"http://localhost:{other.server_address[1]}/"
        lies = {
            "a wrong status": (299, {}, b""), "no place to send to": (202, {}, b""), "a place that is none": (202, {"Location": "::::"}, b""),
            "another scheme": (202, {"Location": "file:///etc/passwd"}, b""), "another host": (202, {"Location": elsewhere + "x"}, b""),
            "a redirect to another host": (307, {"Location": elsewhere + "x"}, b""), "noise": (500, {}, bytes(range(256)) * 100),
            "an endless answer": (401, {"WWW-Authenticate": "Basic"}, None),
            "a realm on another port": (401, {"WWW-Authenticate": f'Bearer realm="http://127.0.0.1:{other.server_address[1]}/token",service="x"'}, b""),
            "a realm on another host": (401, {"WWW-Authenticate": f'Bearer realm="{elsewhere}token",service="x"'}, b""),
            "a broken challenge": (401, {"WWW-Authenticate": 'Bearer realm="'}, b""), "many levels": (400, {}, b"[" * 1_000_000),
        }
        for name, lie in lies.items():
            with lying_registry(lambda method, path, lie=lie: (404, {}, b"") if method == "HEAD" else lie) as server:
                push(server, name)
        told = [path for path, authorization in other.seen if authorization]
        expect(other.seen and not told, f"the credentials went to another host: {other.seen}")


def hostile_names(bench):
    """P8: names, versions and architectures of packages that are paths are refused before a path is made of them."""
    for number, (name, version) in enumerate((("../../evil", "1.0-r0"), ("a/b", "1.0-r0"), ("..", "1.0-r0"), ("good", "../1.0-r0"), ("good", "1/../../x"))):
        repository = Repository(bench, f"r{number}")
        apk = make_apk(name, [tar_member("x", body=b"1")], version=version)
        record = f"C:{identity(apk)}\nP:{name}\nV:{version}\nA:x86_64\nS:{len(apk)}\nI:1\np:good\n\n"
        unsigned = pack([tar_member("DESCRIPTION", records=False), tar_member("APKINDEX", body=record.encode(), records=False)])
        (repository.path / "x86_64/APKINDEX.tar.gz").write_bytes(unsigned)
        for path in ("good-1.0-r0.apk", "evil-1.0-r0.apk"):
            (repository.path / "x86_64" / path).write_bytes(apk)
        image = repository.image("good")
        refuse(bench, repository, image, "--ignore-signatures")
    expect(not list(bench.folder.parent.glob("evil*")), "something was written outside")


def confined_sources(bench):
    """P13: files of an image come from its file's folder: no path, link or other kind of thing leads out."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"1")]).index()
    project = bench.folder / "project"
    (project / "sub").mkdir(parents=True)
    (project / "sub/file").write_text("inside")
    (bench.folder / "secret").write_text("secret")
    (project / "link").symlink_to(bench.folder / "secret")
    (project / "up").symlink_to("..")
    (project / "in").symlink_to("sub")
    os.mkfifo(project / "pipe")

    def image(source):
        path = project / "image.yaml"
        path.write_text(repository.image("good", more=f"  files: [{{path: /f, source: {source}}}]\n").read_text())
        return path

    for source in ("../secret", "sub/../../secret", str(bench.folder / "secret"), "link", "up/secret", "pipe", "sub", "none", "/etc/passwd"):
        message = refuse(bench, repository, image(source))
        expect(source in message, f"{source}: {message}")
    for source in ("sub/file", "in/file"):
        repository.build(image(source), "out.tar")
        (bench.folder / "out.tar").unlink()


def hostile_database(bench):
    """P15: a hostile list of packages of a base image ends in an answer or an error, soon."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"1")]).add("more", [tar_member("y", body=b"1")]).index()
    (bench.folder / "base").mkdir()
    repository.build(repository.image("good"), "base")
    (bench.folder / "meta/x86_64").mkdir(parents=True)
    image = repository.image("more", more=f"  baseimage: {{image: {bench.folder / 'base'}, apkindex: {bench.folder / 'meta'}}}\n")
    for text in (b"P\nV\n:\n\nF\nR\n\n", b"P:\nV:\n\nF:\n\n", b"F:usr\nR:x\n" * 50_000, b"P:good\nV:1.0-r0\nA:x86_64\nF:" + b"d/" * 500_000 + b"\n\n",
                 b"P:../../x\nV:1\n\n", bytes(range(256)) * 500, b"P:good\nV:1.0-r0\nS:-1e99\n\n", b""):
        (bench.folder / "meta/x86_64/APKINDEX").write_bytes(text)
        done = repository.build(image, "out.tar", status=(0, 1), timeout=30)
        expect((done.returncode == 0) == (bench.folder / "out.tar").exists(), f"{text[:30]}: {done.stderr}")
        (bench.folder / "out.tar").unlink(missing_ok=True)


def same_modes(bench):
    """P14: modes in an image are those of its packages, whatever the umask."""
    repository = Repository(bench).add("good", [tar_member("d", DIRECTORY, mode=0o750), tar_member("d/x", body=b"1", mode=0o640), tar_member("s", body=b"1", mode=0o4755)]).index()
    made = []
    for mask in (0o000, 0o077):
        old = os.umask(mask)
        try:
            repository.build(repository.image("good", more="  files: [{path: /plain, content: x, mode: 0o4750, uid: 7, gid: 8}]\n"), f"out{mask}.tar", "--output-type", "rootfs")
        finally:
            os.umask(old)
        with tarfile.open(bench.folder / f"out{mask}.tar") as archive:
            made.append({member.name: (member.mode, member.uid, member.gid) for member in archive})
    wanted = {"d": (0o750, 0, 0), "d/x": (0o640, 0, 0), "s": (0o4755, 0, 0), "plain": (0o4750, 7, 8)}
    expect(made[0] == made[1] and {name: made[0][name] for name in wanted} == wanted, f"{made}")


def odd_keys(bench):
    """P7: any bytes as a key are a clear error."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"1")]).index()
    for content in (b"", b"\0" * 100, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        bad = bench.folder / "bad.rsa.pub"
        bad.write_bytes(content)
        expect("bad.rsa.pub" in refuse(bench, repository, repository.image("good"), "-k", bad), "the key is not named")


def modes_of_outputs(bench):
    """P9: nothing that is written can be changed by others, whatever the umask."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"1")]).index()
    (bench.folder / "out").mkdir()
    old = os.umask(0)
    try:
        repository.build(repository.image("good"), "out")
        bench.run("--cache-root", bench.folder / "cache", "image", "build", repository.image("good"), "img:1", bench.folder / "o.tar", "--arch", "x86_64",
                  "--sbom-path", bench.folder)
    finally:
        os.umask(old)
    for path in [*(bench.folder / "out").rglob("*"), bench.folder / "o.tar", bench.folder / "sbom-x86_64.spdx.json"]:
        expect(path.stat().st_mode & 0o022 == 0, f"{path.name} is writable for others")


def link_tricks(bench):
    """P10: hard links reach earlier files of the package only."""
    for number, members in enumerate((
            [tar_member("a", tarfile.LNKTYPE, link="../../etc/passwd")],
            [tar_member("a", tarfile.LNKTYPE, link="/etc/passwd")],
            [tar_member("a", tarfile.LNKTYPE, link="later"), tar_member("later", body=b"1")],
            [tar_member("s", tarfile.SYMTYPE, link="/etc/passwd"), tar_member("a", tarfile.LNKTYPE, link="s")],
            [tar_member("l", tarfile.SYMTYPE, link="x" * 5000)])):
        repository = Repository(bench, f"r{number}").add("evil", members).index()
        refuse(bench, repository, repository.image("evil"))


def two_owners(bench):
    """a file that two packages own with different content is an error that names both."""
    repository = Repository(bench).add("a", [tar_member("x", body=b"1")]).add("b", [tar_member("x", body=b"2")]).index()
    message = refuse(bench, repository, repository.image("a", "b"))
    expect("a-1.0-r0 and b-1.0-r0 both bring /x" in message, message)


def devices(bench):
    """devices and pipes of packages are refused."""
    for number, kind in enumerate((tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)):
        repository = Repository(bench, f"r{number}").add("evil", [tar_member("d", kind)]).index()
        refuse(bench, repository, repository.image("evil"))


def no_trust_from_here(bench):
    """P12: a key that lies in this folder or beside the index is not trusted for that."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"1")]).index()
    image = repository.image("good")
    image.write_text(image.read_text().replace(f"{repository.key}.pub", ""))
    (repository.path / "x86_64/test.rsa.pub").write_bytes((bench.folder / "test.rsa.pub").read_bytes())
    expect("signature" in refuse(bench, repository, image) or "key" in refuse(bench, repository, image), "another error")


def base_that_lies(bench):
    """a base image whose blobs are not what their digests say is refused."""
    repository = Repository(bench).add("good", [tar_member("x", body=b"1")]).add("more", [tar_member("y", body=b"1")]).index()
    (bench.folder / "base").mkdir()
    repository.build(repository.image("good"), "base")
    (bench.folder / "meta/x86_64").mkdir(parents=True)
    (bench.folder / "meta/x86_64/APKINDEX").write_text("P:good\nV:1.0-r0\nA:x86_64\n\n")
    index = json.loads((bench.folder / "base/index.json").read_text())
    manifest = bench.folder / "base/blobs/sha256" / index["manifests"][0]["digest"].split(":")[1]
    layer = bench.folder / "base/blobs/sha256" / json.loads(manifest.read_text())["layers"][0]["digest"].split(":")[1]
    layer.write_bytes(layer.read_bytes() + b"x")
    image = repository.image("more", more=f"  baseimage: {{image: {bench.folder / 'base'}, apkindex: {bench.folder / 'meta'}}}\n")
    expect("sha256:" in refuse(bench, repository, image), "the digest is not named")


main([paths_out, planted_links, other_package, other_data, damaged_cache, bombs, large_downloads, passwords_of_repositories, large_images, images_that_lie, lying_registries, odd_keys, hostile_names, confined_sources,
      hostile_database, same_modes, modes_of_outputs, link_tricks, two_owners, devices,
      no_trust_from_here, base_that_lies])
