#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing packages and explaining the choice, as a user sees it. Indexes are plain texts: nothing else is needed."""
import base64
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import crafted_index, make_repository
from web import Web
from workbench import expect, main


def write_index(bench, name="APKINDEX", **packages):
    """packages: name_version="D:a b p:c=1" with fields apart by two spaces."""
    text = ""
    for key, fields in packages.items():
        package, version = key.rsplit("_", 1)
        lines = [f"P:{package}", f"V:{version}", *filter(None, fields.split("  "))]
        text += "\n".join(lines) + "\n\n"
    path = bench.folder / name
    path.write_text(text)
    return path


def a_search_says_what_it_changed(bench):
    """where the first choice does not hold together, stderr says why and what is different"""
    index = write_index(bench, a_1="D:c", b_1="D:c=1", c_1="", c_2="")
    done = bench.run("resolve", "--index", index, "a", "b")
    expect(done.stdout == "c-1\na-1\nb-1\n", done.stdout)
    expect("b-1 needs c=1" in done.stderr and "c-1 in the place of c-2" in done.stderr, done.stderr)
    quiet = bench.run("resolve", "--index", index, "a")
    expect(quiet.stdout == "c-2\na-1\n" and quiet.stderr == "", quiet.stderr)


def a_refusal_is_data_too(bench):
    """a world that cannot be met exits with 1, says why, and gives the reasons as JSON"""
    index = write_index(bench, a_1="D:so:x", helo_1="p:cmd:hello=1")
    done = bench.run("resolve", "--index", index, "a", status=1)
    for line in ("the world needs a", "a-1 needs so:x", "nothing provides so:x"):
        expect(line in done.stderr, done.stderr)
    done = bench.run("resolve", "--format", "json", "--index", index, "hello", status=1)
    refusal = json.loads(done.stdout)
    expect(refusal["satisfiable"] is False, done.stdout)
    expect([reason["rule"] for reason in refusal["reasons"]] == ["needs", "nothing-provides"], done.stdout)
    expect(refusal["help"] == "cmd:hello is provided by helo", done.stdout)


def peers_limit_the_choice(bench):
    """only what the other architectures have too is chosen"""
    own = write_index(bench, a_1="", a_2="")
    peer = write_index(bench, "peer", a_1="")
    done = bench.run("resolve", "--index", own, "--peer-index", f"aarch64={peer}", "a")
    expect(done.stdout == "a-1\n", done.stdout)
    wrong = bench.run("resolve", "--index", own, "--peer-index", peer, "a", status=2)
    expect("--peer-index ARCH=FILE" in wrong.stderr, wrong.stderr)


def servers_may_name_keys(bench):
    """without a named key the server of a repository may say which keys sign it; a named one is overruled only where that is asked for"""
    repository = make_repository(bench)
    told = subprocess.run(["openssl", "rsa", "-pubin", "-in", bench.folder / "key.rsa.pub", "-noout", "-modulus"], capture_output=True, text=True,
                          check=True).stdout
    modulus = base64.urlsafe_b64encode(bytes.fromhex(told.strip().split("=")[1])).decode().rstrip("=")
    (repository / "set").write_text(json.dumps({"keys": [{"kty": "RSA", "kid": "key", "n": modulus, "e": "AQAB"}]}))
    bench.run("keygen", "--key-size", "2048", "other.rsa")
    with Web(repository) as web:
        (repository / "apk-configuration").write_text(json.dumps({"jwks_uri": web.url("/set")}))
        words = ("--arch", "x86_64", "--cache-root", "cache", "-r", web.url(), "p-0")
        done = bench.run("resolve", *words)
        expect(done.stdout == "p-0-1-r0\n" and "key.rsa.pub" in done.stderr, done.stdout + done.stderr)
        bench.run("explain", *words, "p-0")
        bench.run("resolve", "--key-discovery", "never", *words, status=5)
        bench.run("resolve", "-k", "other.rsa.pub", *words, status=5)
        bench.run("resolve", "-k", "other.rsa.pub", "--key-discovery", "always", *words)
        bench.run("resolve", "-k", web.url("/none.pub"), *words, status=4)
        bench.run("verify", "-k", "other.rsa.pub", "--key-discovery", "sometimes", repository / "x86_64", status=2)


def explain_tells_chain_and_losers(bench):
    """explain says why a package is there, which others lost and by which rule"""
    index = write_index(bench, top_1="D:v", p_1="p:v  k:5", q_2="p:v  k:3")
    done = bench.run("explain", "--index", index, "v", "top")
    expect(done.stdout.splitlines()[1:] == [
        "  the world needs top: top-1",
        "  top-1 needs v: p-1",
        "not taken in its place",
        "  q-2: its provider priority 3 is lower than 5",
    ], done.stdout)
    data = json.loads(bench.run("explain", "--format", "json", "--index", index, "v", "top").stdout)
    member = data["members"][0]
    expect([link["package"] for link in member["chain"]] == ["top-1", "p-1"], str(data))
    expect(member["rivals"][0]["rule"] == "provider-priority", str(data))


def explain_tells_why_not(bench):
    """explain of a name that is not there says why, and whether it could be"""
    index = write_index(bench, a_1="D:!b", b_1="", c_1="")
    done = bench.run("explain", "--index", index, "b", "a")
    expect("b is not there" in done.stdout and "a-1 does not go with b-1 (!b)" in done.stdout, done.stdout)
    done = bench.run("explain", "--index", index, "c", "a")
    expect("nothing in the result needs it" in done.stdout and "it could be added" in done.stdout, done.stdout)
    expect("no package has or provides it" in bench.run("explain", "--index", index, "zzz", "a").stdout, "zzz")


def explain_reads_a_recipe(bench):
    """explain takes the world of a recipe's build environment, pipelines included"""
    recipe = bench.recipe("package:\n  name: it\n  version: 1\n  epoch: 0\n  description: it\n  copyright:\n    - license: MIT\n"
                          "environment:\n  contents:\n    packages:\n      - base\npipeline:\n  - runs: 'true'\n")
    index = write_index(bench, base_1="D:libc", libc_3="")
    done = bench.run("explain", "--index", index, "--recipe", recipe, "libc")
    expect("  the world needs base: base-1\n  base-1 needs libc: libc-3\n" in done.stdout, done.stdout)


def a_search_has_a_flag_for_its_time(bench):
    """commands that choose packages search for as long as --resolve-timeout says, and name the flag"""
    puzzle = "".join(f"C:Q1{base64.b64encode(bytes([pigeon, hole] * 10)).decode()}\nP:in{pigeon}x{hole}\nV:1-r0\nA:x86_64\nS:9\nI:9\n"
                     f"p:pigeon{pigeon} hole{hole}=1\n\n" for pigeon in range(14) for hole in range(13))
    crafted_index(bench.folder / "puzzle/x86_64/APKINDEX.tar.gz", puzzle)
    pigeons = [f"pigeon{i}" for i in range(14)]
    recipe = bench.recipe("package:\n  name: it\n  version: 1\n  epoch: 0\n  description: it\n  copyright:\n    - license: MIT\n"
                          f"environment:\n  contents:\n    packages: [{', '.join(pigeons)}]\npipeline:\n  - runs: 'true'\n"
                          "test:\n  environment:\n    contents:\n      packages: [pigeon0]\n  pipeline:\n    - runs: 'true'\n")
    image = bench.recipe(f"contents:\n  packages: [{', '.join(pigeons)}]\n", "image.yaml")
    packages = [word for pigeon in pigeons for word in ("-p", pigeon)]
    words = ("--arch", "x86_64", "--ignore-signatures", "--cache-root", "cache", "-r", "puzzle", "--resolve-timeout", "0")
    for call in (("resolve", *words, *pigeons), ("build", *words, recipe), ("enter", *words, *packages, "--", "true"),
                 ("lock", *words, recipe), ("image", "show-packages", *words, image), ("image", "lock", *words, image)):
        done = bench.run(*call, status=1 if call[0] == "image" else 4)
        expect("--resolve-timeout" in done.stderr and "within 0 s" in done.stderr, f"{call[:2]}: {done.stderr}")


def a_place_without_an_index_is_named(bench):
    """where no repository has an index, they are named with what would be one."""
    (bench.folder / "empty").mkdir()
    done = bench.run("resolve", "--arch", "x86_64", "-r", "/nope", "-r", "empty", "it", status=4)
    expect("no index for x86_64 in /nope, empty" in done.stderr and "above x86_64/APKINDEX.tar.gz" in done.stderr, done.stderr)
    expect("--repository DIR" in bench.run("resolve", "it", status=2).stderr, "another message")


sys.exit(main([a_place_without_an_index_is_named, a_search_has_a_flag_for_its_time, servers_may_name_keys, a_search_says_what_it_changed, a_refusal_is_data_too, peers_limit_the_choice, explain_tells_chain_and_losers,
               explain_tells_why_not, explain_reads_a_recipe]))
