#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What steps may reach beside their guest: caches, secrets, time; and that none of it shows in what a build leaves."""
import gzip
import hashlib
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import STATE, build_flags, digests, expect, main

HEAD = "package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]%s}\nenvironment: {contents: {packages: [busybox]}%s}\n"
CANARY = "canary-7c1d9e\nsecond-line-b2"


def env(bench):
    return {"QUERN_CACHE_DIR": str(bench.folder / "cache")}


def source_cache(bench):
    """--cache-dir is seen at /var/cache/melange, and no step changes it."""
    folder = bench.folder / "given"
    folder.mkdir()
    (folder / "sha256:00").write_text("kept")
    before = digests(folder)
    recipe = bench.recipe(HEAD % ("", "") + "pipeline: [{runs: 'cd /var/cache/melange; grep kept sha256:00; rm -f sha256:00; echo x > new'}]\n")
    words = [word if word != STATE / "sources" else folder for word in build_flags()]
    bench.run("build", recipe, *words, env=env(bench))
    expect(digests(folder) == before, "a step changed the cache")


def language_cache(bench):
    """a cache of a language lasts from build to build and changes no package."""
    step = "pipeline: [{runs: 'ls $npm_config_cache; mkdir -p ${{targets.destdir}}; echo made > ${{targets.destdir}}/x; echo more >> $npm_config_cache/lines'}]\n"
    recipe = bench.recipe(HEAD % ("", "") + step)
    bench.build(recipe, "--out-dir", "cold", env=env(bench))
    done = bench.build(recipe, "-v", "--fresh", "--out-dir", "warm", env=env(bench))
    expect("lines" in done.stderr, f"the cache was empty:\n{done.stderr}")
    expect(digests(bench.folder / "cold") == digests(bench.folder / "warm"), "the cache changed the packages")


def shared_caches(bench):
    """a cache of a language may be one recipe's own, and read-only ones forget what steps add."""
    def lines(name, *words):
        step = "pipeline: [{runs: 'echo more >> $npm_config_cache/lines; echo \"has $(wc -l < $npm_config_cache/lines)\"'}]\n"
        recipe = bench.recipe((HEAD % ("", "") + step).replace("name: probe", f"name: {name}"))
        said = bench.build(recipe, "-v", "--fresh", *words, env=env(bench)).stderr
        return int(said.split("has ", 1)[1].split()[0])
    own, read_only = "--cache-scope=recipe", "--cache-trust=read-only"
    expect([lines("one"), lines("two")] == [1, 2], "not shared")
    expect([lines("one", own), lines("two", own), lines("one", own)] == [1, 1, 2], "not its own")
    expect([lines("one", read_only), lines("two", read_only), lines("two")] == [3, 3, 3], "not read-only")
    expect([lines("two", own, read_only), lines("two", own)] == [2, 2], "not its own, or not read-only")
    user = ", accounts: {run-as: build, users: [{username: build, uid: 1000}]}"
    recipe = bench.recipe(HEAD % ("", user) + "pipeline: [{runs: 'echo x > $npm_config_cache/of-user'}]\n")
    bench.build(recipe, read_only, env=env(bench))


def secrets(bench):
    """a secret is a file for the steps that name it, and is in nothing that a build leaves or prints."""
    source = bench.folder / "token"
    source.write_text(CANARY)
    flag = ("--secret", f"id=token,src={source}")
    text = HEAD % ("", "") + """pipeline:
  - name: other
    runs: D=/run/secrets; test ! -s $D/token
  - name: named
    runs: |
      cat /run/secrets/token
      test "$(wc -c < /run/secrets/token)" = 28
      mkdir -p "${{targets.destdir}}"
      LAST
"""
    for last, status in (("true", 0), ("false", 3)):
        recipe = bench.recipe(text.replace("LAST", last))
        done = bench.build(recipe, "-v", "--debug", *flag, status=status, env=env(bench))
        for part in CANARY.split("\n"):
            expect(part not in done.stdout + done.stderr, f"{part} was printed:\n{done.stderr}")
            for root in ("cache", "packages"):
                for path in (bench.folder / root).rglob("*"):
                    if path.is_file() and not path.is_symlink():
                        expect(part.encode() not in path.read_bytes(), f"{part} is in {path}")
    done = bench.build(bench.recipe(text.replace("LAST", "echo again")), status=3, env=env(bench))
    expect("--secret id=token" in done.stderr, done.stderr)
    wrong = bench.build(bench.recipe(text), "--secret", CANARY.split("\n", maxsplit=1)[0], status=2, env=env(bench))
    expect("canary" not in wrong.stderr, wrong.stderr)


def env_files(bench):
    """values of an env file reach the steps, and no package, log or message."""
    (bench.folder / "settings.env").write_text("PROBE=canary-51e0aa\n")
    recipe = bench.recipe(HEAD % ("", "") + "pipeline: [{runs: 'test \"$PROBE\" = canary-51e0aa; mkdir -p ${{targets.destdir}}'}]\n"
                          .replace("canary-51e0aa", "canary-$(echo 51e0aa)"))
    done = bench.build(recipe, "-v", "--env-file", "settings.env", env=env(bench))
    told = [done.stdout + done.stderr] + [path.read_text() for path in (bench.folder / "cache/logs").iterdir()]
    expect("canary-51e0aa" not in "".join(told), "".join(told))
    for path in (bench.folder / "packages").rglob("*.*"):
        content = gzip.decompress(path.read_bytes()) if path.suffix in (".apk", ".gz") else path.read_bytes()
        expect(b"canary-51e0aa" not in content, f"it is in {path}")


def time_limit(bench):
    """package.timeout bounds all steps together."""
    recipe = bench.recipe(HEAD % (", timeout: 2s", "") + "pipeline: [{runs: sleep 1}, {runs: sleep 30}]\n")
    start = time.monotonic()
    done = bench.build(recipe, status=4, env=env(bench))
    expect(time.monotonic() - start < 10 and "timeout" in done.stderr, done.stderr)


def processes(bench):
    """the number of processes of a step is bounded."""
    recipe = bench.recipe(HEAD % (", timeout: 20s", "") + "pipeline: [{runs: 'ulimit -u; test $(ulimit -u) -le 32768'}]\n")
    bench.build(recipe, env=env(bench))
    many = "i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i + 1)); done; wait"
    recipe = bench.recipe(HEAD % ("", "") + f"pipeline: [{{runs: '{many}'}}]\n")
    done = bench.build(recipe, "--processes", "30", status=(3, 4), env=env(bench))
    expect("--processes" in done.stderr or "fork" in done.stderr, done.stderr)


def filled_cache(bench):
    """update-cache puts what a recipe fetches where --cache-dir finds it, checked."""
    source = next((STATE / "sources").glob("sha256:*"))
    digest = source.name.split(":")[1]
    recipe = bench.recipe(HEAD % ("", "") + f"pipeline: [{{uses: fetch, with: {{uri: 'https://nowhere.invalid/x.tar', expected-sha256: {digest}, extract: false}}}}]\n")
    content = bench.folder / "cache/content"
    content.mkdir(parents=True)
    (content / source.name).write_bytes(source.read_bytes())
    bench.run("update-cache", recipe, "--cache-dir", "mine", status=4, env=env(bench))
    (bench.folder / "mine").mkdir()
    done = bench.run("update-cache", recipe, "--cache-dir", "mine", env=env(bench))
    expect(done.stdout.strip().endswith(f"mine/sha256:{digest}"), done.stdout)
    expect((bench.folder / "mine" / f"sha256:{digest}").read_bytes() == source.read_bytes(), "other bytes")


def filled_cache_by_every_digest(bench):
    """update-cache keeps a file under each digest that some step knows it by; --format json tells their paths."""
    source = next((STATE / "sources").glob("sha256:*"))
    names = [source.name, "sha512:" + hashlib.sha512(source.read_bytes()).hexdigest()]
    steps = [f"{{uses: fetch, with: {{uri: 'https://nowhere.invalid/x.tar', expected-{name.replace(':', ': ')}, extract: false}}}}" for name in names]
    recipe = bench.recipe(HEAD % ("", "") + f"pipeline: [{', '.join(steps)}]\n")
    content = bench.folder / "cache/content"
    content.mkdir(parents=True)
    (bench.folder / "mine").mkdir()
    for name in names:
        (content / name).write_bytes(source.read_bytes())
    done = bench.run("--format", "json", "update-cache", recipe, "--cache-dir", "mine", env=env(bench))
    kept = [pathlib.Path(path).name for path in json.loads(done.stdout)["written"]]
    expect(kept == names and {path.name for path in (bench.folder / "mine").iterdir()} >= set(names), done.stdout)


main([filled_cache, filled_cache_by_every_digest, source_cache, language_cache, shared_caches, secrets, env_files, time_limit, processes])
