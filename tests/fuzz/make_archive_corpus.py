#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Makes corpus/tar_reader, corpus/gzip_reader and corpus/extract again. Same files every time."""

import bz2
import gzip
import io
import lzma
import pathlib
import tarfile
import zipfile

CORPUS = pathlib.Path(__file__).parent / "corpus"


def entry(name, kind=tarfile.REGTYPE, target="", size=0, **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mtime = kind, target, size, 1_000_000_000
    for key, value in more.items():
        setattr(info, key, value)
    return info


def tar(style, entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=style) as archive:
        for info in entries:
            archive.addfile(info, io.BytesIO(b"c" * info.size))
    content = stream.getvalue().rstrip(b"\0")
    return content + b"\0" * (-len(content) % 512 + 1024)


def tars():
    sums = {"APK-TOOLS.checksum.SHA1": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}
    plain = [entry("d", tarfile.DIRTYPE), entry("d/f", size=700), entry("l", tarfile.SYMTYPE, "d/f"),
             entry("h", tarfile.LNKTYPE, "d/f")]
    yield "ustar", tar(tarfile.USTAR_FORMAT, plain)
    yield "pax", tar(tarfile.PAX_FORMAT, [entry("f" * 120, pax_headers=sums), entry("g", pax_headers={"size": "0"})])
    yield "gnu", tar(tarfile.GNU_FORMAT, [entry("f" * 150), entry("l", tarfile.SYMTYPE, "t" * 150)])
    yield "devices", tar(tarfile.GNU_FORMAT, [entry("c", tarfile.CHRTYPE, devmajor=1, devminor=3), entry("p", tarfile.FIFOTYPE)])
    yield "escape", tar(tarfile.GNU_FORMAT, [entry("../up", size=1), entry("/abs", size=1)])
    yield "through-link", tar(tarfile.GNU_FORMAT, [entry("l", tarfile.SYMTYPE, ".."), entry("l/up", size=1)])
    yield "replaced", tar(tarfile.GNU_FORMAT, [entry("a/b", size=1), entry("l", tarfile.SYMTYPE, "a"), entry("l/c", size=1),
                                              entry("l", size=2), entry("x", tarfile.LNKTYPE, "a/b")])


def zips():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, mode, content in [("d/", 0o40755, b""), ("d/f", 0o100644, b"text" * 30), ("l", 0o120777, b"d/f"), ("../up", 0o100644, b"x")]:
            info = zipfile.ZipInfo(name, (2001, 2, 3, 4, 5, 6))
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED if len(content) > 9 else zipfile.ZIP_STORED
            archive.writestr(info, content)
    yield "zip", stream.getvalue()


def gzips():
    text = bytes(range(256)) + b"some words some words " * 20
    yield "dynamic", gzip.compress(text * 3, 9, mtime=0)
    yield "fixed", gzip.compress(b"aaaaaaaaaab", 6, mtime=0)
    yield "stored", gzip.compress(text, 0, mtime=0)
    yield "members", gzip.compress(b"one", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(text, mtime=0)
    named = bytearray(gzip.compress(b"x", mtime=0))
    named[3] = 0x1E
    yield "fields", bytes(named[:10]) + b"\2\0ab" + b"name\0" + b"comment\0" + b"\0\0" + bytes(named[10:])


def write(target, files):
    directory = CORPUS / target
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        (directory / name).write_bytes(content)


def main():
    whole = list(tars())
    write("tar_reader", whole)
    write("gzip_reader", gzips())
    write("extract", whole + list(zips()))
    plain = dict(whole)["ustar"]
    write("extract", [("ustar.gz", gzip.compress(plain, mtime=0)), ("ustar.xz", lzma.compress(plain)), ("ustar.bz2", bz2.compress(plain))])


if __name__ == "__main__":
    main()
