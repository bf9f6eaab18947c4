#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Makes corpus/package_v3 and corpus/adb_index again: packages of version 3 and an index without what stands in front, "ADB.pckg" and "ADB.indx".

Same files every time.
"""

import hashlib
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"
DIRECT, BLOB, ARRAY, OBJECT = 1, 8, 13, 14


class Payload:
    """Values behind each other; each is known by its type and its place."""

    def __init__(self):
        self.octets = bytearray(8)

    def put(self, kind, octets, alignment=4):
        self.octets += bytes(-len(self.octets) % alignment)
        value = kind << 28 | len(self.octets)
        self.octets += octets
        return value

    def number(self, value):
        return DIRECT << 28 | value

    def blob(self, text):
        octets = text.encode() if isinstance(text, str) else text
        return self.put(BLOB, bytes([len(octets)]) + octets, 1) if octets else 0

    def words(self, kind, values):
        return self.put(kind, struct.pack("<%dI" % (len(values) + 1), len(values) + 1, *values))

    def array(self, *values):
        return self.words(ARRAY, values)

    def object(self, *values):
        return self.words(OBJECT, values)

    def finish(self, root):
        self.octets[4:8] = struct.pack("<I", root)
        return bytes(self.octets)


def block(kind, content):
    head = struct.pack("<I", kind << 30 | len(content) + 4)
    return head + content + bytes(-(len(content) + 4) % 8)


def info(payload, *more):
    return payload.object(payload.blob("demo"), payload.blob("1-r0"), 0, 0, payload.blob("x86_64"), *more)


def small():
    payload = Payload()
    return block(0, payload.finish(payload.object(info(payload))))


def whole():
    payload = Payload()
    owner = payload.object(payload.number(0o755), payload.blob("root"), payload.blob("root"), payload.array(payload.blob(b"user.x\0y")))

    def entry(name, content=b"", target=b""):
        return payload.object(payload.blob(name), owner, payload.number(len(content)), payload.number(1000),
                              payload.blob(hashlib.sha256(content).digest()), payload.blob(target))

    files = payload.array(entry("a", b"hello"), entry("b", target=struct.pack("<H", 0o100000) + b"usr/a"),
                          entry("c", target=struct.pack("<H", 0o120000) + b"a"), entry("d"),
                          entry("e", target=struct.pack("<HQ", 0o020000, 0x103)))
    paths = payload.array(payload.object(0, owner), payload.object(payload.blob("usr"), owner, files))
    relation = payload.object(payload.blob("so:libc.so.6"), payload.blob("1"), payload.number(5))
    about = info(payload, payload.blob("MIT"), 0, 0, 0, 0, payload.number(1000), payload.number(7), 0, 0, payload.array(relation))
    root = payload.object(about, paths, payload.object(0, 0, payload.blob("#!/bin/sh\n")), payload.array(payload.blob("/usr")), payload.number(2))
    return block(0, payload.finish(root)) + block(1, b"\0\4" + bytes(272)) + block(2, struct.pack("<II", 2, 1) + b"hello")


def index():
    payload = Payload()
    relation = payload.object(payload.blob("b"), payload.blob("2"), payload.number(16 | 2))
    entries = [payload.object(payload.blob(name), payload.blob("1-r0"), payload.blob(bytes(size)), 0, payload.blob("x86_64"), 0, 0, 0, 0,
                              payload.blob(bytes(20)), payload.number(5), payload.number(6), payload.number(7), 0, payload.array(relation))
               for name, size in (("a", 20), ("b", 32))]
    root = payload.object(payload.blob("words"), payload.array(*entries), payload.blob("${name}-${version}.apk"))
    return block(0, payload.finish(root)) + block(1, b"\0\4" + bytes(272))


def main():
    for name, content in {"package_v3/small": small(), "package_v3/whole": whole(), "adb_index/two": index()}.items():
        (CORPUS / name).parent.mkdir(parents=True, exist_ok=True)
        (CORPUS / name).write_bytes(content)


if __name__ == "__main__":
    main()
