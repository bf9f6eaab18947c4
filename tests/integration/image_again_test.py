#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""An image that is there already is not built again; whatever decides its bytes, or changes them, makes it build."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_bench import Repository, tar_member
from packages import IO_FAULTS
from workbench import QUERN, Skip, digests, expect, main

SAYS = "nothing has changed"


def build(bench, image, output, *words, env=None, program=None):
    """Builds with SBOMs beside the output; True if nothing was done."""
    command = ["--cache-root", bench.folder / "cache", "image", "build", image, "registry.example.org/team/img:1.0", bench.folder / output,
               "--arch", "x86_64", "--sbom-path", bench.folder, *words]
    if program is None:
        done = bench.run(*command, env=env)
    else:
        done = subprocess.run([program, *map(str, command)], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, cwd=bench.folder)
    bench.stdout = done.stdout
    return SAYS in done.stderr


def built_once(bench, output="out.tar", *words, more=""):
    repository = Repository(bench).add("one", [tar_member("x", body=b"one" * 1000)]).index()
    image = repository.image("one", more=more)
    expect(not build(bench, image, output, *words), "the first build was left out")
    return repository, image


def every_output(bench):
    """a second build of each kind of output does nothing, says so, and prints the same."""
    (bench.folder / "layout").mkdir()
    repository, image = built_once(bench)
    for output, words in (("out.tar", ()), ("layout", ()), ("d.tar", ("--output-type", "docker")), ("o.tar", ("--output-type", "oci-archive")),
                          ("r.tar", ("--output-type", "rootfs")), ("r.tgz", ("--output-type", "rootfs"))):
        build(bench, image, output, *words)
        first, printed = digests(bench.folder / output) or (bench.folder / output).read_bytes(), bench.stdout
        times = (bench.folder / output).stat().st_mtime_ns
        expect(build(bench, image, output, *words), f"{output} was built again")
        expect(bench.stdout == printed, f"another answer: {bench.stdout}")
        expect(first == (digests(bench.folder / output) or (bench.folder / output).read_bytes()), f"{output} is another one")
        expect((bench.folder / output).stat().st_mtime_ns == times, f"{output} was written")


def fresh(bench):
    """--fresh builds what has not changed, with the same bytes."""
    repository, image = built_once(bench)
    before, inode = (bench.folder / "out.tar").read_bytes(), (bench.folder / "out.tar").stat().st_ino
    expect(not build(bench, image, "out.tar", "--fresh"), "--fresh was left out")
    expect((bench.folder / "out.tar").stat().st_ino != inode, "the output was not written")
    expect((bench.folder / "out.tar").read_bytes() == before, "other bytes")
    expect(build(bench, image, "out.tar"), "what --fresh built is not known")


def key(bench):
    """the content key is in the JSON answer and in the record; equal inputs have equal keys."""
    repository, image = built_once(bench)
    answers = []
    for output in ("out.tar", "out.tar", "copy.tar"):
        done = bench.run("--format", "json", "--cache-root", bench.folder / "cache", "image", "build", image, "registry.example.org/team/img:1.0",
                         bench.folder / output, "--arch", "x86_64", "--sbom-path", bench.folder)
        answers.append(json.loads(done.stdout))
    expect([answer["unchanged"] for answer in answers] == [True, True, False], f"{answers}")
    expect(len({answer["key"] for answer in answers}) == 1, f"{answers}")
    expect(answers[1]["images"] == answers[2]["images"] and answers[1]["digest"] == answers[2]["digest"], f"{answers}")
    records = [json.loads(path.read_text()) for path in (bench.folder / "cache/image/outputs").glob("*.json")]
    expect({record["output"] for record in records} == {str(bench.folder / "out.tar"), str(bench.folder / "copy.tar")}, f"{records}")
    expect({record["key"] for record in records} == {answers[0]["key"]}, f"{records}")


def edit(path, position=100):
    """Changes one byte and puts the date back."""
    status = path.stat()
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def damaged(bench):
    """an output that is gone, edited, cut or replaced is built again."""
    repository, image = built_once(bench)
    output = bench.folder / "out.tar"
    good = output.read_bytes()
    for name, harm in (("gone", output.unlink), ("edited", lambda: edit(output)), ("cut", lambda: os.truncate(output, 1000)),
                       ("replaced", lambda: (output.unlink(), output.write_bytes(bytes(len(good))))),
                       ("without SBOM", (bench.folder / "sbom-x86_64.spdx.json").unlink)):
        harm()
        expect(not build(bench, image, "out.tar"), f"{name}: it was left out")
        expect(output.read_bytes() == good and (bench.folder / "sbom-x86_64.spdx.json").exists(), f"{name}: it was not made good")
        expect(build(bench, image, "out.tar"), f"{name}: it is built each time")


def damaged_layout(bench):
    """a layout of which any file is gone or edited is built again, and is whole then."""
    (bench.folder / "layout").mkdir()
    repository, image = built_once(bench, "layout")
    good = digests(bench.folder / "layout")
    for name in good:
        for harm in (lambda path: path.unlink(), lambda path: edit(path, 5)):
            harm(bench.folder / "layout" / name)
            expect(not build(bench, image, "layout"), f"{name}: it was left out")
            expect(digests(bench.folder / "layout") == good, f"{name}: it was not made good")
    expect(build(bench, image, "layout"), "it is built each time")


def damaged_record(bench):
    """a record with a flipped byte counts as none."""
    repository, image = built_once(bench)
    record = next((bench.folder / "cache/image/outputs").glob("*.json"))
    for position in range(0, record.stat().st_size - 1, 37):
        edit(record, position)
        expect(not build(bench, image, "out.tar"), f"byte {position} of the record does not count")
    expect(build(bench, image, "out.tar"), "it is built each time")


def changed_inputs(bench):
    """a changed package, file, image file, key, base image or flag makes it build again."""
    source = bench.folder / "file.txt"
    source.write_text("one")
    repository, image = built_once(bench, more="  files: [{path: /f, source: file.txt}]\n")
    seen = set()

    def expect_build(why, *words, **options):
        expect(not build(bench, image, "out.tar", *words, **options), f"{why}: it was left out")
        expect(build(bench, image, "out.tar", *words, **options), f"{why}: it is built each time")
        seen.add((bench.folder / "out.tar").read_bytes())

    expect(build(bench, image, "out.tar"), "it is built each time")
    source.write_text("two")
    expect_build("a file")
    repository.add("one", [tar_member("x", body=b"two" * 1000)]).index()
    expect_build("a package")
    repository.add("two", [tar_member("y", body=b"two")]).index()
    expect(build(bench, image, "out.tar"), "a package that is not in the image counts")
    image.write_text(image.read_text() + "cmd: hello\n")
    expect_build("the image file")
    bench.run("keygen", "--key-size", "2048", bench.folder / "more.rsa")
    other = Repository(bench, "other").add("three", [tar_member("z", body=b"3")]).index()
    for words in (("-k", bench.folder / "more.rsa.pub"), ("-p", "two"), ("--annotations", "a:b"), ("--build-date", "2024-01-01T00:00:00Z"),
                  ("--output-type", "docker"), ("--sbom-formats", "spdx,cyclonedx"), ("-r", other.path)):
        expect_build(f"{words}", *words)
    expect_build("SOURCE_DATE_EPOCH", env={"SOURCE_DATE_EPOCH": "1000000000"})
    expect(len(seen) >= 9, "some outputs are the same")


def locked(bench):
    """with a lock it is as without; another lock builds again."""
    repository = Repository(bench).add("one", [tar_member("x", body=b"one" * 1000)]).index()
    image = repository.image("one")
    lock = bench.folder / "lock.json"

    def relock():
        bench.run("--cache-root", bench.folder / "cache", "image", "lock", image, "--arch", "x86_64", "--output", lock)

    relock()
    expect(not build(bench, image, "out.tar", "--lockfile", lock), "the first was left out")
    expect(build(bench, image, "out.tar", "--lockfile", lock), "it is built each time")
    repository.add("one", [tar_member("x", body=b"two" * 1000)]).index()
    expect(build(bench, image, "out.tar", "--lockfile", lock), "the index counts beside a lock")
    relock()
    expect(not build(bench, image, "out.tar", "--lockfile", lock), "another lock was left out")


def changed_base(bench):
    """another base image builds again what stands on it."""
    repository = Repository(bench).add("one", [tar_member("x", body=b"1")]).add("more", [tar_member("y", body=b"1")]).index()
    (bench.folder / "base").mkdir()
    base = repository.image("one")
    build(bench, base, "base")
    (bench.folder / "meta/x86_64").mkdir(parents=True)
    (bench.folder / "meta/x86_64/APKINDEX").write_text("P:one\nV:1.0-r0\nA:x86_64\n\n")
    text = base.read_text()
    image = bench.folder / "top.yaml"
    image.write_text(text.replace("[one]", "[more]") + f"  baseimage: {{image: {bench.folder / 'base'}, apkindex: {bench.folder / 'meta'}}}\n")
    expect(not build(bench, image, "out.tar"), "the first was left out")
    expect(build(bench, image, "out.tar"), "it is built each time")
    base.write_text(text + "cmd: other\n")
    build(bench, base, "base")
    expect(not build(bench, image, "out.tar"), "another base was left out")


def other_program(bench):
    """another build of the program makes the image anew."""
    if shutil.which("readelf") is None:
        raise Skip("readelf is not installed")
    notes = subprocess.run(["readelf", "-n", QUERN], capture_output=True, text=True, check=True).stdout
    words = notes.split("Build ID:")
    if len(words) < 2:
        raise Skip("the program has no build ID")
    build_id = bytes.fromhex(words[1].split()[0])
    repository, image = built_once(bench)
    content = QUERN.read_bytes()
    expect(content.count(build_id) == 1, "the build ID stands in another place too")
    other = bench.folder / "quern"
    other.write_bytes(content.replace(build_id, bytes(len(build_id))))
    other.chmod(0o755)
    expect(not build(bench, image, "out.tar", program=other), "it was left out")
    expect(build(bench, image, "out.tar", program=other), "it is built each time")


def collected(bench):
    """`cache gc` drops layers over its size, those not used for longest first; images are made as before."""
    repository, image = built_once(bench)
    good = (bench.folder / "out.tar").read_bytes()
    layers = bench.folder / "cache/image/layers"
    expect(list(layers.iterdir()), "no layer is kept")
    areas = json.loads(bench.run("--format", "json", "--cache-root", bench.folder / "cache", "cache", "gc", "--max-size", "1").stdout)
    expect({area["name"]: area["files"] for area in areas}["image/layers"] == 1 and not list(layers.iterdir()), f"{areas}")
    expect(build(bench, image, "out.tar"), "an image that is there was built again")
    expect(not build(bench, image, "out.tar", "--fresh") and (bench.folder / "out.tar").read_bytes() == good, "another image")


def failing_disks(bench):
    """a build whose disk fails at any call leaves the old image or the new one whole, says why, and the next build is right."""
    repository = Repository(bench).add("one", [tar_member("x", body=b"one" * 1000)]).index()
    image = repository.image("one")
    other = bench.folder / "other.yaml"
    other.write_text(image.read_text() + "cmd: other\n")
    build(bench, image, "good.tar")
    build(bench, other, "other.tar")
    whole = {(bench.folder / name).read_bytes() for name in ("good.tar", "other.tar")}
    build(bench, image, "out.tar")
    ended, at = [], 0
    while not ended or ended[-1] != 0:
        for source in (other, image):  # each time another image than lies there
            env = {"LD_PRELOAD": str(IO_FAULTS), "QUERN_FAULT_AT": str(at), "QUERN_FAULT_COUNT": "1000", "QUERN_FAULT_ERRNO": "28"}
            done = bench.run("--cache-root", bench.folder / "cache", "image", "build", source, "registry.example.org/team/img:1.0", bench.folder / "out.tar",
                             "--arch", "x86_64", "--sbom-path", bench.folder, env=env, status=(0, 1))
            expect((bench.folder / "out.tar").read_bytes() in whole, f"call {at}: the output is neither image")
            expect(done.returncode == 0 or "No space left on device" in done.stderr, f"call {at}: {done.stderr}")
            build(bench, source, "out.tar")
            expect((bench.folder / "out.tar").read_bytes() == (bench.folder / ("other.tar" if source == other else "good.tar")).read_bytes(), f"call {at}: wrong image")
        ended.append(done.returncode)
        at += 1
    expect(len(ended) > 10, f"only {len(ended)} calls failed")
    expect(not [path for path in bench.folder.iterdir() if path.name.startswith(".")], "something half-written is left")


main([every_output, fresh, key, damaged, damaged_layout, damaged_record, changed_inputs, locked, changed_base, other_program, collected, failing_disks])
