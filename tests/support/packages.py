# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Packages, indexes and repositories for tests of the finished program: good ones by our own writer, crafted ones by hand."""
import gzip
import hashlib
import io
import subprocess
import tarfile

from workbench import BUILD

MAKE_PACKAGES = BUILD / "tests" / "support" / "make_packages"
IO_FAULTS = BUILD / "tests" / "support" / "libio_faults.so"


def make_packages(folder, prefix, count, size=2000, version="1-r0", key=None):
    """Writes PREFIX-0 … and gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [MAKE_PACKAGES, folder, prefix, count, size, version, *([key] if key else [])]
    return subprocess.run([*map(str, words)], check=True, capture_output=True, text=True).stdout.split()


def make_repository(bench, name="repo", prefix="p", count=3, size=2000):
    """BENCH/NAME/x86_64 with `count` signed packages and a signed index; the key pair is BENCH/key.rsa(.pub)."""
    if not (bench.folder / "key.rsa").exists():
        bench.run("keygen", "--key-size", "2048", "key.rsa")
    folder = bench.folder / name / "x86_64"
    make_packages(folder, prefix, count, size, key=bench.folder / "key.rsa")
    index(bench, folder, folder)
    return bench.folder / name


def index(bench, folder, *words, **options):
    return bench.run("index", "--signing-key", bench.folder / "key.rsa", "-o", folder / "APKINDEX.tar.gz", *words, **options)


def recipe(bench, *packages):
    """A recipe whose environment is these packages."""
    return bench.recipe("package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\n"
                        f"environment: {{contents: {{packages: [{', '.join(packages)}]}}}}\npipeline: [{{runs: 'true'}}]\n")


def lock(bench, repository, *words, packages=("p-0", "p-1", "p-2"), key=None, **options):
    """`quern lock` reads keys, indexes and every package, and needs no sandbox."""
    (bench.folder / "recipe" / "melange.lock.json").unlink(missing_ok=True)
    return bench.run("lock", recipe(bench, *packages), "--arch", "x86_64", "--cache-root", bench.folder / "cache", "-r", repository,
                     "-k", key or bench.folder / "key.rsa.pub", *words, **options)


def tar_of(files, end=True, records=False):
    """A tar stream of {name: content}; `records` adds the checksums that apk wants."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT if records else tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            if records:
                entry.pax_headers = {"APK-TOOLS.checksum.SHA1": hashlib.sha1(content).hexdigest()}
            tar.addfile(entry, io.BytesIO(content))
    stream = out.getvalue()
    used = stream.rstrip(b"\0")
    whole = len(used) + -len(used) % 512
    return stream[:whole] + (b"\0" * 1024 if end else b"")


def squeeze(stream):
    return gzip.compress(stream, mtime=0)


def crafted_package(path, info, files=None, control=None, data=None):
    """An unsigned package whose .PKGINFO has the lines `info`; datahash is added unless it is there."""
    data = squeeze(tar_of(files or {"x": b"x"}, records=True)) if data is None else data
    if "datahash" not in info:
        info += f"datahash = {hashlib.sha256(data).hexdigest()}\n"
    head = squeeze(tar_of({".PKGINFO": info.encode(), **(control or {})}, end=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + data)
    return path


def crafted_index(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(squeeze(tar_of({"DESCRIPTION": b"", "APKINDEX": text if isinstance(text, bytes) else text.encode()})))
    return path
