#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Other people's programs agree with our images: skopeo and umoci read every output, docker-registry takes pushes."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_bench import Repository, need, registry, tar_member
from workbench import QUERN, Skip, digests, expect, main


def call(*words, env=None):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **(env or {})})
    expect(done.returncode == 0, f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")
    return done.stdout


def some_repository(bench):
    big = os.urandom(3_000_000)
    return Repository(bench).add("one", [
        tar_member("usr", tarfile.DIRTYPE), tar_member("usr/bin", tarfile.DIRTYPE), tar_member("usr/bin/one", body=b"one", mode=0o755),
        tar_member("usr/bin/uno", tarfile.SYMTYPE, link="one"), tar_member("usr/bin/also", tarfile.LNKTYPE, link="usr/bin/one"),
    ]).add("two", [tar_member("usr", tarfile.DIRTYPE), tar_member("usr/big", body=big)], extra="depend = one\n").index()


LAYERED = "layering: {strategy: origin, budget: 3}\naccounts: {users: [{username: u, uid: 1000}]}\n"


def layout_for_skopeo(bench):
    """skopeo and umoci read the layout, and what umoci unpacks is the root tar."""
    need("skopeo")
    need("umoci")
    repository = some_repository(bench)
    image = repository.image("two", more=LAYERED)
    (bench.folder / "out").mkdir()
    repository.build(image, "out")
    repository.build(image, "root.tar", "--output-type", "rootfs")
    call("skopeo", "copy", f"oci:{bench.folder / 'out'}", f"oci:{bench.folder / 'copy'}:latest")
    call("umoci", "unpack", "--rootless", "--image", f"{bench.folder / 'copy'}:latest", bench.folder / "bundle")
    with tarfile.open(bench.folder / "root.tar") as root:
        for member in root:
            path = bench.folder / "bundle/rootfs" / member.name
            if member.isreg():
                body = root.extractfile(member).read()
                same = path.read_bytes() == body if os.access(path, os.R_OK) else True
                # An image names the versions that were chosen, a root tar the wishes, as the peer's minirootfs does.
                expect(same or member.name in ("etc/apko.json", "etc/apk/world"), f"{member.name} differs")
            elif member.issym():
                expect(os.readlink(path) == member.linkname, f"{member.name} leads elsewhere")
            elif member.isdir():
                expect(path.is_dir(), f"{member.name} is no folder")


def archives_for_skopeo(bench):
    """skopeo copies both kinds of archive, and the image is the same."""
    need("skopeo")
    repository = some_repository(bench)
    image = repository.image("two")
    repository.build(image, "d.tar", "--output-type", "docker")
    repository.build(image, "o.tar", "--output-type", "oci-archive")
    configs = [json.loads(call("skopeo", "inspect", "--config", f"{kind}:{bench.folder / name}"))
               for kind, name in (("docker-archive", "d.tar"), ("oci-archive", "o.tar"))]
    expect(configs[0]["rootfs"] == configs[1]["rootfs"], "the layers differ")
    with tarfile.open(bench.folder / "o.tar") as archive:
        named = json.load(archive.extractfile("index.json"))["manifests"][0]["annotations"]
    expect(named["io.containerd.image.name"] == "registry.example.org/team/img:1.0", f"engines do not get the name: {named}")


def same_bytes(bench):
    """the bytes depend on no thread, umask, user's language or folder."""
    repository = some_repository(bench)
    image = repository.image("two", more=LAYERED)
    outputs = []
    for number, (threads, mask, env) in enumerate((("1", 0o022, {}), ("5", 0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}))):
        work = bench.folder / f"work{number}"
        (work / "out").mkdir(parents=True)
        old = os.umask(mask)
        try:
            bench.run("--threads", threads, "--cache-root", work / "cache", "image", "build", image, "img:1", work / "out", "--arch", "x86_64",
                      "--sbom-path", work, cwd=work, env=env)
        finally:
            os.umask(old)
        outputs.append((digests(work / "out"), (work / "sbom-x86_64.spdx.json").read_bytes()))
    expect(outputs[0] == outputs[1], "the outputs differ")


def pull(host, repository, reference):
    request = urllib.request.Request(f"http://{host}/v2/{repository}/manifests/{reference}",
                                     headers={"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def publish(bench, repository, image, *words, **options):
    return bench.run("--cache-root", bench.folder / "cache", "image", "publish", image, *words, "--arch", "x86_64", "--sbom=false", **options)


def pushed(bench):
    """a push arrives whole, its digest is printed, and a second push sends nothing new."""
    repository = some_repository(bench)
    image = repository.image("two")
    with registry(bench.folder) as host:
        done = publish(bench, repository, image, f"{host}/team/img:1.0", f"{host}/other/img:2", "--image-refs", bench.folder / "refs")
        index = pull(host, "team/img", "1.0")
        digest = "sha256:" + hashlib.sha256(index).hexdigest()
        expect(done.stdout.strip() == f"{host}/team/img@{digest}", done.stdout)
        expect(pull(host, "other/img", "2") == index, "the second repository has something else")
        refs = (bench.folder / "refs").read_text().split()
        expect(len(refs) == 2 and refs[1] == done.stdout.strip(), f"{refs}")
        manifest = json.loads(pull(host, "team/img", refs[0].split("@")[1]))
        for blob in [manifest["config"], *manifest["layers"]]:
            with urllib.request.urlopen(f"http://{host}/v2/team/img/blobs/{blob['digest']}") as answer:
                body = answer.read()
            expect("sha256:" + hashlib.sha256(body).hexdigest() == blob["digest"] and len(body) == blob["size"], f"blob {blob} is wrong")
        again = publish(bench, repository, image, f"{host}/team/img:1.0")
        expect(again.stdout == done.stdout, "the second push gives another digest")


def password(bench):
    """a registry that wants a password gets the one that docker's configuration has for it, and no other."""
    if subprocess.run(["python3", "-c", "import crypt"], capture_output=True, check=False).returncode:
        raise Skip("this Python makes no password hashes")
    import crypt
    hashed = crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH)) if crypt.METHOD_BLOWFISH in crypt.methods else None
    if not hashed:
        raise Skip("this machine makes no bcrypt hashes")
    (bench.folder / "htpasswd").write_text(f"me:{hashed}\n")
    repository = some_repository(bench)
    image = repository.image("one")
    config = bench.folder / "docker"
    config.mkdir()
    with registry(bench.folder, bench.folder / "htpasswd") as host:
        refused = publish(bench, repository, image, f"{host}/team/img:1.0", status=1, env={"DOCKER_CONFIG": str(config)})
        expect("user and a password" in refused.stderr, refused.stderr)
        (config / "config.json").write_text(json.dumps({"auths": {host: {"auth": base64.b64encode(b"me:secret").decode()}}}))
        done = publish(bench, repository, image, f"{host}/team/img:1.0", env={"DOCKER_CONFIG": str(config)})
        expect("@sha256:" in done.stdout and "secret" not in done.stdout + done.stderr, done.stderr)


def killed(bench):
    """a push that is killed moves no tag, and the next one completes it."""
    repository = some_repository(bench)
    image = repository.image("two")
    with registry(bench.folder) as host:
        words = [str(QUERN), "--cache-root", str(bench.folder / "cache"), "image", "publish", str(image), f"{host}/team/img:1.0", "--arch", "x86_64",
                 "--sbom=false"]
        traced = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=pwrite64,sendto,write", "-e", "inject=sendto:signal=KILL:when=12", *words],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) if _has_strace() else None
        if traced is None:
            raise Skip("strace is not installed")
        traced.wait(timeout=120)
        try:
            pull(host, "team/img", "1.0")
            raise AssertionError("the tag is there")
        except urllib.error.HTTPError as missing:
            expect(missing.code == 404, f"status {missing.code}")
        publish(bench, repository, image, f"{host}/team/img:1.0")
        pull(host, "team/img", "1.0")


def _has_strace():
    import shutil
    return shutil.which("strace") is not None


def load(bench, engine):
    """Loads an image of a static program into an engine and runs it."""
    need(engine)
    done = subprocess.run([engine, "info"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Skip(f"{engine} does not work here: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    busybox = shutil.which("busybox")
    if busybox is None or "static" not in subprocess.run(["file", "-L", busybox], capture_output=True, text=True, check=False).stdout:
        raise Skip("there is no static busybox: examples/install-dependencies --tests")
    program = pathlib.Path(busybox).read_bytes()
    repository = Repository(bench).add("one", [tar_member("bin", tarfile.DIRTYPE), tar_member("bin/busybox", body=program, mode=0o755)]).index()
    image = repository.image("one", more="entrypoint: {command: /bin/busybox id -u}\naccounts: {run-as: me, users: [{username: me, uid: 1234}]}\n")
    tag = f"quern-test.example.org/team/img:{os.getpid()}"
    bench.run("--cache-root", bench.folder / "cache", "image", "load", image, tag, "--arch", "host", "--engine", engine)
    try:
        names = call(engine, "image", "inspect", "--format", "{{index .RepoTags 0}}", tag).strip()
        expect(names == tag, f"another tag: {names}")
        # podman's defaults may be more than this machine allows.
        printed = call(engine, "run", "--rm", "--network", "none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", tag)
        expect(printed.strip() == "1234", f"the program printed {printed}")
    finally:
        call(engine, "image", "rm", tag)


def loaded(bench):
    """docker loads a single image under exactly its tag, and runs it as its user."""
    load(bench, "docker")


def loaded_by_podman(bench):
    """podman loads a single image under exactly its tag, and runs it as its user."""
    load(bench, "podman")


def compared(bench):
    """diff and explain tell what differs and why a file is there."""
    repository = some_repository(bench)
    repository.build(repository.image("one"), "a.tar", "--output-type", "docker")
    repository.build(repository.image("two"), "b.tar", "--output-type", "oci-archive")
    diff = bench.run("image", "diff", bench.folder / "a.tar", bench.folder / "b.tar").stdout
    expect("+ two  1.0-r0" in diff and "+ /usr/big" in diff, diff)
    why = bench.run("image", "explain", bench.folder / "b.tar", "/usr/bin/one").stdout
    expect("one 1.0-r0" in why and "two needs one" in why, why)
    same = json.loads(bench.run("--format", "json", "image", "diff", bench.folder / "a.tar", bench.folder / "a.tar").stdout)
    expect(not same["files"] and not same["packages"] and not same["config"], f"{same}")


def reused(bench):
    """--previous tells which layers stay, against any form of the image before, and also when nothing is done."""
    repository = some_repository(bench)
    image = repository.image("two", more=LAYERED)
    (bench.folder / "old").mkdir()
    for output, kind in (("old", "oci-dir"), ("old.tar", "docker"), ("old.oci", "oci-archive")):
        repository.build(image, output, "--output-type", kind)
    repository.add("one", [tar_member("usr", tarfile.DIRTYPE), tar_member("usr/new", body=b"new")]).index()


    def report_on(previous):
        done = bench.run("--format", "json", "--cache-root", bench.folder / "cache", "image", "build", image, "registry.example.org/team/img:1.0",
                         bench.folder / "new.tar", "--arch", "x86_64", "--sbom=false", "--previous", bench.folder / previous)
        return json.loads(done.stdout)["previous"]["images"][0]

    for previous in ("old", "old.tar", "old.oci"):
        for _again in range(2):
            text = repository.build(image, "new.tar", "--previous", bench.folder / previous).stdout
            report = report_on(previous)
            expect((report["layers"], report["reused"]) == (3, 1), f"{report}")
            expect(3_000_000 < report["reused_bytes"] < report["bytes"] < 3_100_000, f"{report}")
            expect("x86_64: 1 of 3 layers are those of" in text and "2.9 MiB of 2.9 MiB" in text, text)
    same = report_on("new.tar")
    expect(same["reused"] == same["layers"] == 3 and same["bytes"] == same["reused_bytes"], f"{same}")
    for wrong in ("none.tar", "image.yaml"):
        expect(wrong in repository.build(image, "other.tar", "--previous", bench.folder / wrong, status=1).stderr, "it is not named")
        expect(not (bench.folder / "other.tar").exists(), "something was written")


main([layout_for_skopeo, archives_for_skopeo, same_bytes, pushed, password, killed, loaded,
      loaded_by_podman, compared, reused])
