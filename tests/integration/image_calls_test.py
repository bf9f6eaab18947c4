#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of `image` commands that cannot work end soon: what is wrong, where, what to do; nothing is read or written for them."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_bench import Repository, make_apk, tar_member
from web import Web
from workbench import digests, expect, main


def image_of(bench):
    repository = Repository(bench).add("one", [tar_member("x", body=b"one" * 1000)]).index()
    (bench.folder / "layout").mkdir()
    return repository, repository.image("one")


def refuse(bench, *words, says, helps):
    before = digests(bench.folder)
    done = bench.run("--cache-root", bench.folder / "cache", "image", *words, status=1)
    expect(says in done.stderr, f"{words}: {done.stderr}")
    expect("help: " in done.stderr and helps in done.stderr.split("help: ")[1], f"{words}: {done.stderr}")
    expect("reading packages" not in done.stderr, f"{words}: an image was begun: {done.stderr}")
    expect({path for path in digests(bench.folder) if not path.startswith("cache")} == {path for path in before if not path.startswith("cache")},
           f"{words}: something was written")


def places(bench):
    """a place that cannot be written to is told before the image is made."""
    _, image = image_of(bench)
    build = ("build", image, "img:1")
    refuse(bench, *build, "", says="is no name of a file", helps="name")
    refuse(bench, *build, "none/out.tar", says="there is no directory none", helps="make")
    refuse(bench, *build, "none/", says="is no name of a file", helps="make the directory first")
    refuse(bench, *build, "layout", "--output-type", "docker", says="layout is a directory", helps="name a file")
    refuse(bench, *build, "layout", "--output-type", "rootfs", "--arch", "x86_64", says="layout is a directory", helps="name a file")
    refuse(bench, *build, "image.yaml", "--output-type", "oci-dir", says="image.yaml is a file", helps="name a directory")
    refuse(bench, *build, "out.tar", "--sbom-path", "none", says="--sbom-path none", helps="make it")
    refuse(bench, "minirootfs", image, "none/root.tar", says="there is no directory none", helps="make")
    refuse(bench, "lock", image, "--output", "none/lock.json", says="there is no directory none", helps="make")
    refuse(bench, "publish", image, "127.0.0.1:1/a:1", "--image-refs", "none/refs", says="there is no directory none", helps="make")


def inputs(bench):
    """inputs that are not there, or are something else, are named."""
    _, image = image_of(bench)
    for command in (("build", "none.yaml", "img:1", "out.tar"), ("show-config", "none.yaml"), ("lock", "none.yaml")):
        refuse(bench, *command, says="none.yaml", helps="name the image file")
    build = ("build", image, "img:1", "out.tar", "--arch", "x86_64")
    refuse(bench, *build, "--lockfile", "none.json", says="none.json", helps="image lock")
    refuse(bench, *build, "--lockfile", image, says="not JSON", helps="image lock")
    refuse(bench, *build, "-k", "none.pub", says="none.pub", helps="-k")
    refuse(bench, *build, "-k", image, says="not a public key", helps="-k")


def architectures(bench):
    """an architecture is a name, and one that no repository has is told as such."""
    _, image = image_of(bench)
    for wrong in ("../x", "x86_64,../x", "a/b", "x86 64"):
        refuse(bench, "build", image, "img:1", "out.tar", f"--arch={wrong}", says="is no architecture", helps="x86_64")
    refuse(bench, "build", image, "img:1", "out.tar", "--arch", "sparc", says="no repository has packages for sparc", helps="spelt")


def images(bench):
    """what is no image, or none for the architecture, is told with what one is."""
    repository, image = image_of(bench)
    repository.build(image, "out.tar")
    repository.build(image, "layout")
    for command in (("diff", "out.tar"), ("explain",), ("shell",)):
        words = {"explain": ("/x",), "shell": ("--", "true")}.get(command[0], ())
        for wrong, says in (("none.tar", "none.tar"), (image, "tar"), (bench.folder, "index.json")):
            refuse(bench, *command, wrong, *words, says=says, helps="OCI layout")
        for good in ("out.tar", "layout"):
            refuse(bench, *command, good, *words[:1] if command[0] == "explain" else (), "--arch", "aarch64", says="no image for arm64", helps="OCI layout")
    refuse(bench, "explain", "out.tar", "/none", says="has no /none", helps="root of the image")


def base_images(bench):
    """a base image that is not there, or has not the architecture, is told with what one is."""
    repository, _ = image_of(bench)
    image = repository.image("one", more="  baseimage: {image: ./none, apkindex: ./none}\n")
    refuse(bench, "lock", image, "--arch", "x86_64", says="the base image ./none", helps="OCI layout")


def tags(bench):
    """a digest is no name for an image that is still to be made."""
    _, image = image_of(bench)
    name = "127.0.0.1:1/a@sha256:" + "0" * 64
    refuse(bench, "build", image, name, "out.tar", "--arch", "x86_64", says="has a digest", helps="name a tag")
    refuse(bench, "publish", image, "127.0.0.1:1/a:1", name, "--arch", "x86_64", says="has a digest", helps="name a tag")


def services(bench):
    """a package that the image file does not name is told with what asks for it; so is a program that is not there."""
    repository, _ = image_of(bench)
    image = repository.image("one", more="entrypoint: {type: service-bundle, services: {web: /bin/web}}\n")
    refuse(bench, "build", image, "img:1", "out.tar", "--arch", "x86_64", says="nothing provides s6", helps="service-bundle")
    image = repository.image("one", more="entrypoint: {command: /bin/web}\naccounts: {run-as: web}\n")
    done = repository.build(image, "out.tar")
    expect("starts /bin/web, which no package brings" in done.stderr and "no user 'web'" in done.stderr, done.stderr)


def drift(bench):
    """what must not be in an image is not missed in its lock."""
    repository, image = image_of(bench)
    text = pathlib.Path(bench.folder / image).read_text()
    bench.run("--cache-root", bench.folder / "cache", "image", "lock", image, "--arch", "x86_64", "--output", "l.json")
    (bench.folder / image).write_text(text.replace("one", "one, '!two'"))
    done = bench.run("--cache-root", bench.folder / "cache", "image", "build", image, "img:1", "out.tar", "--lockfile", "l.json", "--arch", "x86_64", status=1)
    expect("as it is now\n" in done.stderr and "two" not in done.stderr, done.stderr)


def failing_layout(bench):
    """an image that fails leaves nothing in a layout, new or not, and nothing in its layers' cache."""
    repository = Repository(bench).add("one", [tar_member("x", body=b"one" * 1000)]).index()
    (bench.folder / "layout").mkdir()
    repository.build(repository.image("one"), "layout")
    before = digests(bench.folder / "layout")
    expect(not list((bench.folder / "cache/image").glob("layers/*")), "the layers are kept twice")
    for output in ("layout", "new"):
        image = repository.image("one", more="paths: [{path: /x/y, type: directory}]\n")
        done = repository.build(image, output, "--output-type", "oci-dir", status=1)
        expect("Not a directory" in done.stderr, done.stderr)
    # The second architecture's package lies about its data: the layers of the first are there when that is found.
    (repository.path / "aarch64").mkdir()
    (repository.path / "aarch64/one-1.0-r0.apk").write_bytes(make_apk("one", [tar_member("x", body=b"1")], data_hash="0" * 64, arch="aarch64"))
    bench.run("index", "-o", repository.path / "aarch64/APKINDEX.tar.gz", "--signing-key", repository.key, repository.path / "aarch64/one-1.0-r0.apk")
    for output in ("layout", "new"):
        done = bench.run("--cache-root", bench.folder / "cache", "image", "build", repository.image("one"), "img:1", output, "--output-type", "oci-dir",
                         "--arch", "x86_64,aarch64", "--sbom=false", status=1)
        expect("writing layers" in done.stderr and "datahash" in done.stderr, done.stderr)
    expect(digests(bench.folder / "layout") == before, "the layout is another one")
    expect(not (bench.folder / "new").exists(), "a layout was left")


def addresses(bench):
    """a repository that cannot be reached, or is not there, is told with what to look at."""
    _, image = image_of(bench)
    build = ("build", image, "img:1", "out.tar", "--arch", "x86_64", "-r")
    refuse(bench, *build, "http://127.0.0.1:9/r", says="127.0.0.1:9", helps="check the address")
    with Web(bench.folder / "layout") as web:
        refuse(bench, *build, web.url(), says="the server answers 404", helps="the folder in which the architectures lie")
        web.fault = lambda path: ("status", 401)
        refuse(bench, *build, web.url(), says="the server answers 401", helps="HTTP_AUTH")


def shown_architectures(bench):
    """show-config shows the architectures that --arch asks for, in both formats."""
    _, image = image_of(bench)
    for words in (("image",), ("--format", "json", "image")):
        shown = bench.run(*words, "show-config", image, "--arch", "aarch64").stdout
        expect("arm64" in shown and "amd64" not in shown, shown)


main([addresses, shown_architectures, places, inputs, architectures, images, base_images, tags, services, drift, failing_layout])
