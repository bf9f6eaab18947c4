#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Packages describe themselves: what was built can be scanned, explained, linted and compared again."""
import base64
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from json_schema import problems
from web import Web
from workbench import SOURCE, STATE, build_flags, digests, expect, main

RECIPE = """
package: {{name: gear, version: "{version}", epoch: 0, copyright: [{{license: MIT}}], dependencies: {{runtime: [busybox]}}}}
environment: {{contents: {{packages: [busybox, build-base]}}}}
pipeline:
  - runs: |
      d=${{{{targets.destdir}}}}/usr; mkdir -p $d/lib $d/bin
      echo 'int gear(void){{return 8;}}' > gear.c
      gcc -shared -fPIC -Wl,-soname,libgear.so.{soname} gear.c -o $d/lib/libgear.so.{soname}
      printf '#!/usr/bin/perl\\n' > $d/bin/turn; chmod 755 $d/bin/turn
      {extra}
subpackages:
  - name: gear-dev
    pipeline: [{{runs: "mkdir -p ${{{{targets.contextdir}}}}/usr/lib; ln -s libgear.so.{soname} ${{{{targets.contextdir}}}}/usr/lib/libgear.so"}}]
"""


def build(bench, version="1.0", soname="1", extra=":", status=0):
    recipe = bench.recipe(RECIPE.format(version=version, soname=soname, extra=extra))
    done = bench.build(recipe, "--out-dir", bench.folder / "packages", status=status)
    return recipe, bench.folder / "packages/x86_64", done


def data_files(package):
    """{path: bytes} of the files in a package's data section, which is its last gzip member."""
    rest = package.read_bytes()
    while rest:
        member = zlib.decompressobj(31)
        plain, rest = member.decompress(rest), member.unused_data
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isreg()}


def explains(bench):
    """scan --explain and show --why name the files behind relations, also those of a sibling package."""
    _, packages, _ = build(bench)
    told = json.loads(bench.run("--format", "json", "scan", "--explain", packages / "gear-dev-1.0-r0.apk").stdout)
    expect([(r["text"], r["files"]) for r in told["relations"]] == [("so:libgear.so.1", ["usr/lib/libgear.so"])], told)
    text = bench.run("show", "--why", packages / "gear-1.0-r0.apk").stdout
    for line in ("busybox  <- the recipe", "cmd:perl  <- usr/bin/turn (interpreters)", "so:libgear.so.1=1  <- usr/lib/libgear.so.1 (shared-objects)"):
        expect(line in text, f"no {line!r} in:\n{text}")


def logs_what_was_generated(bench):
    """build --dependency-log leaves what was generated for the last package, for the architecture"""
    recipe = bench.recipe(RECIPE.format(version="1.0", soname="1", extra=":"))
    bench.build(recipe, "--dependency-log", "deps")
    log = json.loads((bench.folder / "deps.x86_64").read_text())
    expect(log == {"runtime": ["so:libgear.so.1"], "provides": [], "vendored": []}, log)


def scans_again(bench):
    """scan gives what the packages say, and --diff tells when the recipe does not any more."""
    recipe, packages, _ = build(bench)
    same = bench.run("scan", "--arch", "x86_64", "--diff", "-r", packages.parent, recipe)
    expect(same.stdout == "", same.stdout)
    recipe.write_text(recipe.read_text().replace("runtime: [busybox]", "runtime: [busybox, sed]"))
    changed = bench.run("scan", "--arch", "x86_64", "--diff", "-r", packages.parent, recipe, status=1)
    expect("+depend = sed" in changed.stdout.splitlines(), changed.stdout)


def lints_as_at_build(bench):
    """lint finds the same in the finished packages as the build did, with every rule, whatever the licence in their SBOM says"""
    every = ",".join(rule["rule"] for rule in json.loads(bench.run("--format", "json", "lint", "--rules").stdout))
    flags = ("--persist-lint-results", "--lint-warn", every)
    recipe = bench.recipe(RECIPE.format(version="1.0", soname="1", extra=(
        "mkdir -p ${{targets.destdir}}/opt; echo x > ${{targets.destdir}}/opt/README.md; "
        "printf -- '-----BEGIN RSA PRIVATE KEY-----\\n/home/build/x\\n' > TERMS"
    )).replace("license: MIT", "license: LicenseRef-a, license-path: TERMS"))
    bench.build(recipe, "--out-dir", bench.folder / "packages", *flags)
    packages = bench.folder / "packages/x86_64"
    bench.run("lint", *flags, "--out-dir", bench.folder / "again", *sorted(packages.glob("*.apk")))
    built, linted = ({path.name: path.read_text() for path in (folder / "x86_64").glob("lint-*.json")}
                     for folder in (bench.folder / "packages", bench.folder / "again"))
    expect("lint-gear-1.0-r0.json" in built and built == linted, f"{built}\n{linted}")


def lints(bench):
    """lint finds in a package what the build found, as text, JSON and SARIF, and fails only for required linters."""
    _, packages, _ = build(bench, extra="mkdir -p ${{targets.destdir}}/opt; echo x > ${{targets.destdir}}/opt/x")
    package = packages / "gear-1.0-r0.apk"
    expect("opt/x [opt]" in bench.run("lint", package).stdout, "no opt")
    bench.run("lint", "--lint-require", "opt", package, status=1)
    found = json.loads(bench.run("--format", "json", "lint", package).stdout)[0]["findings"]
    expect("opt" in [finding["rule"] for finding in found], found)
    log = json.loads(bench.run("lint", "--sarif", package).stdout)
    expect("opt" in [result["ruleId"] for result in log["runs"][0]["results"]], log)
    expect("did you mean 'strip'" in bench.run("lint", "--lint-require", "stripp", package, status=2).stderr, "no suggestion")


def disabled(bench):
    """a required linter fails the build and publishes nothing; checks.disabled lets it warn; an unknown name is an error at its place."""
    extra = "chmod 4755 ${{targets.destdir}}/usr/bin/turn"
    recipe, packages, done = build(bench, extra=extra, status=1)
    expect("[setuidgid]" in done.stderr, done.stderr)
    expect(not packages.exists() or not list(packages.iterdir()), "something was published")
    allowed = recipe.read_text().replace("epoch: 0,", "epoch: 0, checks: {disabled: [setuidgid]},")
    recipe.write_text(allowed)
    done = bench.build(recipe, "--out-dir", packages.parent)
    expect("[setuidgid]" in done.stderr and "error" not in done.stderr, done.stderr)
    recipe.write_text(allowed.replace("[setuidgid]", "[setuid]"))
    done = bench.build(recipe, "--out-dir", packages.parent, status=1)
    expect("melange.yaml:2:" in done.stderr and "[unknown-linter]" in done.stderr, done.stderr)


def compares(bench):
    """diff tells files, relations and fields apart and flags a soname that went away."""
    _, packages, _ = build(bench)
    build(bench, version="1.1", soname="2")
    old, new = packages / "gear-1.0-r0.apk", packages / "gear-1.1-r0.apk"
    told = json.loads(bench.run("--format", "json", "diff", old, new).stdout)
    expect(told["broken_sonames"] == ["so:libgear.so.1"], told["broken_sonames"])
    expect({"usr/lib/libgear.so.1", "usr/lib/libgear.so.2"} <= {change["subject"] for change in told["files"]}, told["files"])
    bench.run("diff", "--exit-code", old, new, status=1)
    expect(bench.run("diff", "--exit-code", old, old).stdout == "", "a package differs from itself")


def documents(bench):
    """the SPDX document of a package is one by our schema of SPDX 2.3, and --sbom-format adds a CycloneDX one."""
    recipe = bench.recipe("""
package:
  name: papers
  version: "1"
  epoch: 0
  copyright: [{license: "My Custom_License v2!"}, {license: MIT, attestation: mine}]
  cpe: {vendor: acme, product: papers}
environment: {contents: {packages: [busybox]}}
pipeline: [{runs: "mkdir -p ${{targets.destdir}}/usr/share"}]
subpackages: [{name: papers-more}]
""")
    bench.build(recipe, "--out-dir", bench.folder / "packages", "--sbom-format", "cyclonedx", "--namespace", "wolfi")
    schema = json.loads((SOURCE / "tests/support/spdx-2.3.schema.json").read_text())
    for name in ("papers", "papers-more"):
        files = data_files(bench.folder / f"packages/x86_64/{name}-1-r0.apk")
        document = json.loads(files[f"var/lib/db/sbom/{name}-1-r0.spdx.json"])
        expect(not problems(document, schema), problems(document, schema))
        ids = [package["SPDXID"] for package in document["packages"]]
        expect(len(ids) == len(set(ids)), f"ids occur twice: {ids}")
        for relationship in document["relationships"]:
            expect(relationship["spdxElementId"] in ids and relationship["relatedSpdxElement"] in ids, relationship)
        bom = json.loads(files[f"var/lib/db/sbom/{name}-1-r0.cdx.json"])
        expect(bom["bomFormat"] == "CycloneDX" and bom["metadata"]["component"]["name"] == name, bom)
        document["packages"][0]["SPDXID"] = "not an id"
        expect(problems(document, schema), "the schema lets anything pass")


def rebuilds(bench):
    """rebuild makes a package again from what it holds, without the key, and names the file that differs if it cannot."""
    _, packages, _ = build(bench, extra="date +%N%s > ${{targets.destdir}}/usr/share-date")
    flags = ("-r", STATE / "seed", "-k", STATE / "seed.rsa.pub", "--out-dir", bench.folder / "rebuilt")
    told = json.loads(bench.run("--format", "json", "rebuild", *flags, packages / "gear-1.0-r0.apk", status=1).stdout)
    expect([change["subject"] for change in told["differences"]["files"]] == ["usr/share-date"], told)
    same = bench.run("rebuild", *flags, packages / "gear-dev-1.0-r0.apk")
    expect(same.stdout == "gear-dev-1.0-r0: identical\n", same.stdout)
    expect("uses-and-pipeline" not in same.stderr, same.stderr)
    foreign = next((STATE / "seed/x86_64").glob("busybox-*.apk"))
    refused = bench.run("rebuild", *flags, foreign, status=4).stderr
    expect(f"{foreign.name}: the SPDX document" in refused and "quern diff OLD NEW" in refused, refused)
    # Documents of others say nothing about what the build wrote.
    _, packages, _ = build(bench, version="2.0", extra="mkdir -p ${{targets.destdir}}/var/lib/db/sbom; echo x > ${{targets.destdir}}/var/lib/db/sbom/x.spdx.json")
    bench.run("rebuild", *flags, packages / "gear-2.0-r0.apk")
    recipe = bench.recipe(RECIPE.format(version="3.0", soname="1", extra="cat file"))
    (recipe.parent / "file").write_text("x")
    bench.build(recipe, "--out-dir", bench.folder / "packages", "--source-dir", recipe.parent)
    refused = bench.run("rebuild", *flags, packages / "gear-3.0-r0.apk", status=3).stderr
    expect("--source-dir DIR gives them" in refused, refused)


def openssl_agrees(bench, envelope):
    """Another program finds the signature right over what DSSE says is signed."""
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    (bench.folder / "signed").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    (bench.folder / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    if shutil.which("openssl"):
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", STATE / "hello.rsa.pub", "-signature", "signature", "signed"],
                              cwd=bench.folder, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, done.stdout + done.stderr)


def proves(bench):
    """a statement beside each package says how it was made, signed, the same each time, and verify holds it against the package."""
    source = bench.folder / "recipe"
    recipe = bench.recipe(RECIPE.format(version="1.0", soname="1", extra="cat /run/secrets/token > /dev/null || true"))
    (bench.folder / "token").write_text("do-not-tell")
    flags = ("--generate-provenance", "--secret", f"id=token,src={bench.folder}/token")
    env = {"SOURCE_DATE_EPOCH": "1700000000"}
    bench.build(recipe, "--out-dir", bench.folder / "packages", *flags, env=env)
    bench.build(recipe, "--out-dir", bench.folder / "again", *flags, "--fresh", env=env)
    once, again = (digests(bench.folder / name / "x86_64") for name in ("packages", "again"))
    expect("gear-dev-1.0-r0.apk.intoto.jsonl" in once and once == again, f"{once}\n{again}")
    package = bench.folder / "packages/x86_64/gear-1.0-r0.apk"
    text = package.with_name(package.name + ".intoto.jsonl").read_text()
    statement = json.loads(base64.b64decode(json.loads(text)["payload"]))
    for secret in (str(bench.folder), str(STATE), "do-not-tell", str(source)):
        expect(secret not in json.dumps(statement), f"{secret} in {statement}")
    definition = statement["predicate"]["buildDefinition"]
    materials = {(material["annotations"]["role"], material["name"]): material for material in definition["resolvedDependencies"]}
    expect(materials["recipe", "melange.yaml"]["digest"]["sha256"] == hashlib.sha256(recipe.read_bytes()).hexdigest(), materials)
    expect(len(materials["package", "busybox"]["digest"]["apkControlSha1"]) == 40, materials)
    expect(definition["internalParameters"]["secrets"] == ["token"] and definition["internalParameters"]["network"] == [], definition)
    expect(definition["internalParameters"]["runner"] in ("bubblewrap", "chroot", "podman", "docker"), definition)
    keys = ("--keyring-append", STATE / "hello.rsa.pub")
    told = bench.run("verify", "--provenance", *keys, package).stdout
    expect("made as hello.rsa.pub says" in told and "pkg:apk/busybox@" in told, told)
    expect(bench.run("verify", *keys, package.parent).stdout.count("good") == 1, "the repository is not sound")
    flags = ("-r", STATE / "seed", "-k", STATE / "seed.rsa.pub", "--out-dir", bench.folder / "rebuilt")
    told = json.loads(bench.run("--format", "json", "rebuild", *flags, package).stdout)
    expect(told["identical"] and told["materials"] == [], told)
    openssl_agrees(bench, json.loads(text))
    other = bench.folder / "packages/x86_64/gear-dev-1.0-r0.apk"
    shutil.copy(other.with_name(other.name + ".intoto.jsonl"), package.with_name(package.name + ".intoto.jsonl"))
    told = bench.run("verify", "--provenance", *keys, package, status=5).stdout
    expect("[provenance]" in told and "SHA-256" in told, told)
    # Without them all is as if there never were any.
    bench.build(recipe, "--out-dir", bench.folder / "again", "--fresh", "--compression-level", "1", env=env)
    expect(not list((bench.folder / "again").rglob("*.jsonl")), "a statement about other bytes stayed")


def proves_sources(bench):
    """the statement names the bytes of sources that the recipe does not pin, and who saw the network."""
    upstream = bench.folder / "web/upstream.txt"
    upstream.parent.mkdir()
    upstream.write_text("content")
    with Web(upstream.parent) as web:
        recipe = bench.recipe("""
package: {name: taken, version: "1", epoch: 0, copyright: [{license: MIT}]}
environment: {contents: {packages: [busybox]}}
pipeline:
  - uses: fetch
    with: {uri: "URL", extract: "false", expected-none: "true"}
  - name: look
    runs: mkdir -p ${{targets.destdir}}/usr; cp upstream.txt ${{targets.destdir}}/usr/
""".replace("URL", web.url("/upstream.txt", user="me:hush@")))
        bench.build(recipe, "--out-dir", bench.folder / "packages", "--generate-provenance", "--network", "host")
    text = (bench.folder / "packages/x86_64/taken-1-r0.apk.intoto.jsonl").read_text()
    definition = json.loads(base64.b64decode(json.loads(text)["payload"]))["predicate"]["buildDefinition"]
    sources = [material for material in definition["resolvedDependencies"] if material["annotations"]["role"] == "source"]
    expect("hush" not in json.dumps(definition), definition)
    expect([material["digest"] for material in sources] == [{"sha256": hashlib.sha256(b"content").hexdigest()}], sources)
    expect(definition["internalParameters"]["network"] == ["taken/look"], definition)


def builds_twice(bench):
    """build --twice publishes what comes out the same in other circumstances, and names what leaks where it does not, publishing nothing."""
    recipe, _, _ = build(bench)
    folder = bench.folder / "twice"
    flags = ("--twice", "--out-dir", folder, "--persist-lint-results", "--generate-provenance")
    env = {"SOURCE_DATE_EPOCH": "1700000000"}
    bench.build(recipe, *flags, env=env)
    bench.build(recipe, "--out-dir", bench.folder / "once", "--generate-provenance", env=env)
    once, twice = (digests(bench.folder / name / "x86_64") for name in ("once", "twice"))
    expect("lint-gear-1.0-r0.json" in twice, twice)
    once.pop("APKINDEX.tar.gz"), twice.pop("APKINDEX.tar.gz")
    expect({name: digest for name, digest in twice.items() if not name.startswith("lint-")} == once, f"{once}\n{twice}")
    expect(not list(folder.glob(".quern-*")), "scratch was left")
    before = digests(folder)
    (recipe.parent / "a").write_text("")
    (recipe.parent / "b").write_text("")
    for name, leak in {"clock": "date +%s", "zone": "date -d @0", "host": "hostname || cat /proc/sys/kernel/hostname", "cores": "nproc",
                       "locale": "echo $LC_ALL"}.items():
        recipe.write_text(RECIPE.format(version="1.0", soname="1", extra=f"({leak}) > ${{{{targets.destdir}}}}/usr/{name}"))
        done = bench.build(recipe, *flags, status=1, env=env)
        expect(f"  ~ usr/{name}: " in done.stdout and "gear-dev-1.0-r0: identical" in done.stdout, done.stdout)
        expect("nothing is published" in done.stderr, done.stderr)
    expect(digests(folder) == before, "something was published")


def beside_version_2(bench):
    """build --package-format v3 keeps a repository of packages of version 3 beside the other, which show, verify, diff and lint read."""
    recipe = bench.recipe(RECIPE.format(version="1.0", soname="1", extra="ln ${{targets.destdir}}/usr/bin/turn ${{targets.destdir}}/usr/bin/again"))
    flags = ("--out-dir", bench.folder / "packages", "--package-format", "v2,v3")
    told = json.loads(bench.run("--format", "json", "build", recipe, *build_flags(), *flags).stdout)
    expect([package["path"].endswith(f"v3/x86_64/{package['name']}-1.0-r0.apk") for package in told["packages"]] == [False, False, True, True], told)
    folder = bench.folder / "packages/v3/x86_64"
    before = digests(bench.folder / "packages")
    expect(sorted(path.name for path in folder.iterdir()) == ["Packages.adb", "gear-1.0-r0.apk", "gear-dev-1.0-r0.apk"], before)
    bench.build(recipe, *flags, "--fresh", "--threads", "1")
    expect(digests(bench.folder / "packages") == before, "the bytes are not the same")
    old, new = bench.folder / "packages/x86_64/gear-1.0-r0.apk", folder / "gear-1.0-r0.apk"
    expect(new.read_bytes().startswith(b"ADBd") and zlib.decompress(new.read_bytes()[4:], -15).startswith(b"ADB.pckg"), "it is something else")
    key = ("-k", STATE / "hello.rsa.pub")
    expect("good, signed by hello.rsa.pub" in bench.run("verify", *key, new).stdout, "it is not good")
    expect("not trusted" in bench.run("verify", "-k", STATE / "seed.rsa.pub", new, status=5).stdout, "another key was taken")
    told, was = (json.loads(bench.run("--format", "json", "show", package).stdout) for package in (new, old))
    expect(told["depends"] == sorted(was["depends"]) and told["checksum"].startswith("Q2"), told)
    differences = json.loads(bench.run("--format", "json", "diff", old, new, status=(0, 1)).stdout)
    expect({change["subject"] for change in differences["files"]} <= {"usr/bin/again", "usr/bin/turn"}, differences)
    expect("cmd:perl  <- usr/bin/" in bench.run("scan", "--explain", new).stdout, "nothing is explained")
    bench.run("lint", new)
    damaged = bytearray(new.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (bench.folder / "damaged.apk").write_bytes(damaged)
    expect("BAD" in bench.run("verify", *key, bench.folder / "damaged.apk", status=(4, 5)).stdout, "damage was not found")
    expect("index and packages agree" in bench.run("verify", *key, bench.folder / "packages/v3").stdout, "the repository is not good")
    refused = bench.run("index", "-o", bench.folder / "APKINDEX.tar.gz", new, status=4).stderr
    expect("version 3" in refused and "quern index -o Packages.adb" in refused, refused)
    expect(digests(bench.folder / "packages") == before, "something was changed")


def after_version_2(bench):
    """packages of version 3 are signed, indexed and built again; what holds their configuration is named where it is missing."""
    recipe = bench.recipe(RECIPE.format(version="1.0", soname="1", extra=":"))
    bench.build(recipe, "--out-dir", bench.folder / "packages", "--package-format", "v3")
    folder = bench.folder / "packages/v3/x86_64"
    before = digests(folder)
    package, index = folder / "gear-1.0-r0.apk", folder / "Packages.adb"
    flags = ("-r", STATE / "seed", "-k", STATE / "seed.rsa.pub", "--out-dir", bench.folder / "rebuilt")
    same = bench.run("rebuild", *flags, package, folder / "gear-dev-1.0-r0.apk")
    expect(same.stdout == "gear-1.0-r0: identical\ngear-dev-1.0-r0: identical\n", same.stdout)
    alone = shutil.copy(package, bench.folder / "gear-1.0-r0.apk")
    refused = bench.run("rebuild", *flags, alone, status=4).stderr
    expect("version 3" in refused and "the one of version 2" in refused, refused)
    bench.run("sign", "--signing-key", STATE / "seed.rsa", package)
    verify = ("verify", "-k", STATE / "hello.rsa.pub", "-k", STATE / "seed.rsa.pub")
    expect("good, signed by seed.rsa.pub" in bench.run(*verify, package).stdout, "it was not signed anew")
    bench.run("sign", "--signing-key", STATE / "hello.rsa", package)
    expect(digests(folder) == before, "the first key gives other bytes than before")
    told = bench.run("show", index).stdout
    expect("gear-1.0-r0 x86_64" in told and "gear-dev-1.0-r0 x86_64" in told, told)
    for words, said in ((("show", shutil.copy(index, bench.folder / "index.apk")), "this is an index"), (("license-check", package), "name the recipe"),
                        (("sign-index", "--signing-key", STATE / "hello.rsa", recipe), "name an index"),
                        (("index", "-o", index, "--remove", "none"), "`quern show INDEX` lists")):
        refused = bench.run(*words, status=4).stderr
        expect(said in refused, refused)
    told = bench.run("index", "-m", "-s", "none", "-o", bench.folder / "APKINDEX.tar.gz", bench.folder / "packages/x86_64").stderr
    expect("there is no index none" in told, told)
    index.unlink()
    bench.run("index", "-o", index, "--signing-key", STATE / "hello.rsa", folder)
    expect(digests(folder) == before, "the index is another one")
    bench.run("sign-index", "--force", "--signing-key", STATE / "seed.rsa", index)
    expect("index-signature" in bench.run("verify", "-k", STATE / "hello.rsa.pub", folder, status=5).stdout, "the index is signed by another key")
    bench.run("sign-index", "-f", "--signing-key", STATE / "hello.rsa", index)
    expect(digests(folder) == before, "the index was changed")


main([builds_twice, beside_version_2, after_version_2, proves, proves_sources, rebuilds, documents, explains, logs_what_was_generated, scans_again, lints, lints_as_at_build, disabled, compares])
