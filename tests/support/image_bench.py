# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of images share: small apk packages made on the spot, a repository of them, an image file, a registry on this machine."""
import base64
import contextlib
import gzip
import hashlib
import io
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.request

from workbench import Skip


def tar_member(name, kind=tarfile.REGTYPE, body=b"", link="", mode=None, records=True, **fields):
    """A tar header, with the checksum that apk wants, and its content."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, len(body)
    member.mode = mode if mode is not None else (0o755 if kind == tarfile.DIRTYPE else 0o644)
    for key, value in fields.items():
        setattr(member, key, value)
    if records and kind in (tarfile.REGTYPE, tarfile.SYMTYPE):
        hashed = body if kind == tarfile.REGTYPE else link.encode()
        member.pax_headers["APK-TOOLS.checksum.SHA1"] = hashlib.sha1(hashed).hexdigest()
    return member, body


def pack(members, end=True, level=9):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, body in members:
            archive.addfile(member, io.BytesIO(body))
    bytes_ = raw.getvalue()
    if not end:
        bytes_ = bytes_.rstrip(b"\0")
        bytes_ += b"\0" * (-len(bytes_) % 512)
    return gzip.compress(bytes_, level, mtime=0)


def make_apk(name, members, version="1.0-r0", extra="", data_hash=None, level=9, arch="x86_64"):
    """An apk without a signature; apk trusts the index."""
    data = pack(members, level=level)
    info = (f"pkgname = {name}\npkgver = {version}\npkgdesc = test\narch = {arch}\norigin = {name}\nlicense = MIT\nsize = 100\nbuilddate = 1700000000\n"
            f"{extra}datahash = {data_hash or hashlib.sha256(data).hexdigest()}\n").encode()
    control = pack([tar_member(".PKGINFO", body=info, records=False)], end=False)
    return control + data


def identity(apk):
    """Q1 checksum of an unsigned apk: SHA-1 of its first gzip member."""
    import zlib
    stream = zlib.decompressobj(31)
    stream.decompress(apk)
    control = apk[: len(apk) - len(stream.unused_data)]
    return "Q1" + base64.b64encode(hashlib.sha1(control).digest()).decode()


class Repository:
    """A folder of packages with a signed index."""

    def __init__(self, bench, name="packages"):
        self.bench, self.path = bench, bench.folder / name
        (self.path / "x86_64").mkdir(parents=True)
        self.key = bench.folder / "test.rsa"
        if not self.key.exists():
            bench.run("keygen", "--key-size", "2048", self.key)

    def add(self, name, members, **options):
        (self.path / "x86_64" / f"{name}-1.0-r0.apk").write_bytes(make_apk(name, members, **options))
        return self

    def index(self):
        apks = sorted((self.path / "x86_64").glob("*.apk"))
        self.bench.run("index", "-o", self.path / "x86_64/APKINDEX.tar.gz", "--signing-key", self.key, *apks)
        return self

    def image(self, *packages, more=""):
        path = self.bench.folder / "image.yaml"
        path.write_text(f"contents:\n  repositories: [{self.path}]\n  keyring: [{self.key}.pub]\n  packages: [{', '.join(packages)}]\n{more}")
        return path

    def build(self, image, output, *words, status=0, **options):
        return self.bench.run("--cache-root", self.bench.folder / "cache", "image", "build", image, "registry.example.org/team/img:1.0",
                              self.bench.folder / output, "--arch", "x86_64", "--sbom=false", *words, status=status, **options)


def need(program):
    if shutil.which(program) is None and shutil.which(program, path="/usr/sbin:/sbin") is None:
        raise Skip(f"{program} is not installed: examples/install-dependencies --tests")


@contextlib.contextmanager
def registry(folder, htpasswd=None):
    """Debian's docker-registry on a free port; gives host:port."""
    need("docker-registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    auth = f"auth:\n  htpasswd:\n    realm: test\n    path: {htpasswd}\n" if htpasswd else ""
    config = folder / "registry.yml"
    config.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {folder / 'registry'}}}\n"
                      f"http: {{addr: '127.0.0.1:{port}'}}\n{auth}")
    with open(folder / "registry.log", "wb") as log:
        server = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/"):
                    break
            except urllib.error.HTTPError:
                break  # it wants a password: it is there
            except OSError as problem:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise Skip(f"docker-registry does not start: {problem}") from None
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
