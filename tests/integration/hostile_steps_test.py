#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Steps and outputs that mean no good (attacks M14 to M16, S9): refused by name or taken as they are, bounded, and nothing is left."""
import gzip
import os
import pathlib
import resource
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, STATE, build_flags, expect, main

HEAD = "package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\nenvironment: {contents: {packages: [busybox]}}\n"
LIMIT_BYTES = 400 << 20


def build(bench, script, *words):
    """Builds in a cache of the bench's own with a bound on memory; gives the finished process."""
    recipe = bench.recipe(HEAD + "pipeline:\n  - runs: |\n" + "".join(f"      {line}\n" for line in script.splitlines()))
    done = subprocess.run([str(QUERN), "build", str(recipe), *map(str, build_flags()), *words], cwd=bench.folder, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=120, check=False, env={**os.environ, "QUERN_CACHE_DIR": str(bench.folder / "cache")})
    left = list((bench.folder / "cache/workspaces").glob("build-*"))
    expect(not left, f"left behind: {left}")
    staged = [path for path in (bench.folder / "packages").glob("*") if path.name != "x86_64"]
    expect(not staged, f"left behind: {staged}")
    return done


def files(bench):
    """What the package holds, one line an entry."""
    return bench.run("show", "--files", bench.folder / "packages/x86_64/probe-1-r0.apk").stdout


def much_output(bench):
    """200 MB on one line and every byte value are taken in bounded memory, and nothing of it is raw on a terminal."""
    done = build(bench, "tr '\\0' x < /dev/zero | head -c 200000000\nawk 'BEGIN { for (i = 0; i < 256; ++i) printf \"%c\", i }'\nfalse")
    expect(done.returncode == 3, f"exit {done.returncode}: {done.stderr[-2000:]}")
    expect(b"\x1b" not in done.stderr and b"\x07" not in done.stderr and len(done.stderr) < 1 << 20, done.stderr[-2000:])
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    expect(used < LIMIT_BYTES, f"{used >> 20} MiB were used")


def an_output_folder_that_is_a_link(bench):
    """a link in place of the output folder leads nowhere outside of the guest."""
    for target in ("/etc", "/", "../../../../../../etc"):
        done = build(bench, f"rm -rf /home/build/melange-out/probe\nln -s {target} /home/build/melange-out/probe")
        expect(done.returncode != 0, f"{target}: was published")
        expect(b"melange-out/probe" in done.stderr, done.stderr)
        done = build(bench, f"rm -rf /home/build/melange-out\nln -s {target} /home/build/melange-out")
        expect(done.returncode != 0, f"{target}: was published")


def links_to_the_host(bench):
    """links to anywhere stay links, and their targets are never read."""
    done = build(bench, "cd ${{targets.destdir}}\nln -s /etc/shadow a\nln -s ../../../../../../etc/passwd b\nln -s /proc/self/environ c")
    expect(done.returncode == 0, done.stderr)
    listed = files(bench)
    for name in ("a", "b", "c"):
        expect(any(f" {name} " in f" {line} " or line.split("->")[0].strip().endswith(name) for line in listed.splitlines()), listed)


def odd_files(bench):
    """FIFOs, sockets and devices are refused by name or kept, and never opened; folders of mode 000 are read."""
    for script, name in (("mkfifo ${{targets.destdir}}/odd", b"odd"), ("mknod ${{targets.destdir}}/odd p", b"odd")):
        done = build(bench, script)
        expect(done.returncode == 0 or name in done.stderr, done.stderr)
    done = build(bench, "cd ${{targets.destdir}}\nmkdir shut\necho x > shut/file\nchmod 000 shut shut/file")
    expect(done.returncode == 0, done.stderr)
    expect("shut/file" in files(bench), files(bench))


def odd_names(bench):
    """names with line breaks or broken UTF-8 put no line of their own in any list."""
    done = build(bench, "cd ${{targets.destdir}}\ntouch \"$(printf 'a\\nF:etc')\" \"$(printf 'b\\377')\" \"$(printf '\\033[31mred')\"")
    expect(done.returncode in (0, 1, 4), done.stderr)
    if done.returncode == 0:
        expect("\x1b" not in files(bench) and "\nF:etc" not in files(bench), files(bench))


def a_daemon(bench):
    """a process that goes on writing after its step is dead when the output is read."""
    done = build(bench, "cd ${{targets.destdir}}\n(setsid sh -c 'while :; do echo x >> grows; done' &) >/dev/null 2>&1\nsleep 1")
    expect(done.returncode == 0, done.stderr)
    bench.run("verify", "-k", STATE / "hello.rsa.pub", bench.folder / "packages/x86_64/probe-1-r0.apk")


def suicides(bench):
    """a step that kills all it can, its shell, or stops itself fails cleanly."""
    for script in ("kill -9 -1", "kill -9 $$", "kill -TERM $$"):
        done = build(bench, script)
        expect(done.returncode == 3, f"{script}: exit {done.returncode}: {done.stderr}")


def a_hard_link_to_the_root(bench):
    """a hard link to a file of the guest's root is a file of its own in the package."""
    done = build(bench, "mkdir ${{targets.destdir}}/x\nln /etc/passwd ${{targets.destdir}}/x/passwd || cp /etc/passwd ${{targets.destdir}}/x/passwd")
    expect(done.returncode == 0, done.stderr)
    expect("x/passwd" in files(bench), files(bench))


def a_new_system_call(bench):
    """a setuid bit that no known system call set is found in the output, as one that chmod set."""
    # 452 is fchmodat2, which a filter of calls that knows chmod and fchmodat lets pass; Linux has it since 6.6.
    script = "cd ${{targets.destdir}}\necho x > known; echo x > new\nchmod 4755 known\n" \
             "perl -e 'exit(syscall(452, -100, \"new\", 04755, 0) == -1)' || chmod 4755 new"
    recipe = bench.recipe(HEAD.replace("[busybox]", "[busybox, perl]") + "pipeline:\n  - runs: |\n" +
                          "".join(f"      {line}\n" for line in script.splitlines()))
    done = bench.build(recipe, "--lint-require", "setuidgid", status=1, env={"QUERN_CACHE_DIR": str(bench.folder / "cache")})
    expect("known" in done.stderr and "new" in done.stderr, done.stderr)
    expect(not list((bench.folder / "packages").rglob("*.apk")), "was published")


def diffs_that_leave(bench):
    """a diff that names files outside changes none, on the host or in the guest."""
    for name in ("/etc/planted", "../../etc/planted", "a/../../../etc/planted"):
        text = f"--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+planted\n"
        (bench.folder / "recipe").mkdir(exist_ok=True)
        (bench.folder / "recipe/evil.patch").write_text(text)
        recipe = bench.recipe(HEAD + "pipeline:\n  - uses: patch\n    with: {patches: evil.patch, strip-components: 0}\n")
        bench.build(recipe, status=3, env={"QUERN_CACHE_DIR": str(bench.folder / "cache")})
        done = bench.build(bench.recipe(HEAD + "pipeline:\n  - runs: patch -p0 -f < evil.patch || true\n"
                                        "    needs: {packages: [patch]}\n  - runs: test ! -e /etc/planted\n"),
                           env={"QUERN_CACHE_DIR": str(bench.folder / "cache")})
        expect(not os.path.exists("/etc/planted"), f"{name}: {done.stderr}")


def sources_over_links(bench):
    """a source is not unpacked through a link that a step made."""
    source = next((STATE / "sources").glob("sha256:*"))
    digest = source.name.split(":")[1]
    for target in ("/etc", "../../../../../../../../../etc", "/home/build/melange-out"):
        recipe = bench.recipe(HEAD + f"""pipeline:
  - runs: ln -s {target} way
  - uses: fetch
    working-directory: way
    with: {{uri: 'https://nowhere.invalid/quern-planted.tar.gz', expected-sha256: {digest}}}
""")
        done = bench.build(recipe, status=(1, 3, 4), env={"QUERN_CACHE_DIR": str(bench.folder / "cache")})
        expect("way" in done.stderr, done.stderr)
        expect(not os.path.exists("/etc/quern-planted.tar.gz") and not list(pathlib.Path("/etc").glob("hello-*")), "written outside")


def licence_files(bench):
    """a licence's file is read in the workspace only, by its path and through no link."""
    canary = bench.folder / "canary"
    canary.write_text("canary-8d02\n")
    for path, script in ((f"../../../../../../..{canary}", "true"), (str(canary), "true"), ("TERMS", f"ln -s {canary} TERMS"),
                         ("TERMS", f"ln -s ../../../../../../..{canary} TERMS")):
        recipe = bench.recipe(HEAD.replace("license: MIT", f"license: LicenseRef-own, license-path: {path}") +
                              f"pipeline: [{{runs: '{script}; mkdir -p ${{{{targets.destdir}}}}'}}]\n")
        done = bench.build(recipe, status=(0, 1, 4), env={"QUERN_CACHE_DIR": str(bench.folder / "cache")})
        expect("canary-8d02" not in done.stdout + done.stderr, done.stderr)
        for package in (bench.folder / "packages").rglob("*.apk"):
            expect(b"canary-8d02" not in gzip.decompress(package.read_bytes()), f"{path}: is in {package}")


# What a step sees of this machine, and what it may do: a change here is a change of the sandbox. Of /proc, what is covered depends on the ids.
SIGHT = """\
environment: COMPOSER_CACHE_DIR GOMODCACHE GOPATH HOME OLDPWD PATH PIP_CACHE_DIR PWD SHLVL SOURCE_DATE_EPOCH UV_CACHE_DIR npm_config_cache\x20
devices: core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero\x20
CapInh: 00000000a80425fb
CapPrm: 00000000a80425fb
CapEff: 00000000a80425fb
CapAmb: 00000000a80425fb
NoNewPrivs: 1
Seccomp: 2
identity: 0:0
mount: / rw overlay
mount: /dev rw tmpfs
mount: /dev/full rw devtmpfs
mount: /dev/null rw devtmpfs
mount: /dev/pts rw devpts
mount: /dev/random rw devtmpfs
mount: /dev/tty rw devtmpfs
mount: /dev/urandom rw devtmpfs
mount: /dev/zero rw devtmpfs
mount: /proc rw proc
mount: /var/cache/melange rw
mount: /var/cache/melange/composer rw
mount: /var/cache/melange/gomodcache rw
mount: /var/cache/melange/npm rw
mount: /var/cache/melange/pip rw
mount: /var/cache/melange/uv rw
interfaces: lo\x20
processes: 2
settings:\x20
keys: 0
descriptors: 0 1 2 3\x20
sys: 0
host name: localhost
"""
# Of its own namespaces a step may change what their kernel lets it: that of messages, and of process numbers since Linux 6.14.
LOOK = r"""
own='^(fs/mqueue/|kernel/(auto_msgmni|msgm(ax|nb|ni)|sem|shm.*|ns_last_pid|pid_max)$)'
echo "environment: $(env | cut -d= -f1 | sort | tr '\n' ' ')"
echo "devices: $(cd /dev; ls -A | sort | tr '\n' ' ')"
grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\t ' ' '
echo "identity: $(id -u):$(id -g)"
awk '$5 !~ "^/proc/" { split($6, o, ","); for (i = 7; $i != "-"; ++i); print "mount: " $5 " " o[1] ($5 ~ "^/var" ? "" : " " $(i + 1)) }' /proc/self/mountinfo | sort
echo "interfaces: $(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\n' ' ')"
set -- /proc/[0-9]*
echo "processes: $#"
echo "settings: $(find /proc/sys -type f -writable 2>/dev/null | cut -d/ -f 4- | grep -vE "$own" | sort | tr '\n' ' ')"
echo "keys: $(wc -l < /proc/keys)"
echo "descriptors: $(ls /proc/self/fd | tr '\n' ' ')"
echo "sys: $(ls /sys 2>/dev/null | wc -l)"
echo "host name: $(uname -n)"
"""


def sight(bench):
    """what a step sees and may do is what is listed, and nothing else."""
    done = build(bench, LOOK + "false\n", "--runner", "bubblewrap")
    log = next((bench.folder / "cache/logs").glob("*.log")).read_text()
    start = log.index("environment: ")
    end = log.index("\n", log.index("host name: "))
    seen = log[start:end + 1]
    expect(seen == SIGHT, f"saw\n{seen}{done.stderr.decode()}")


main([a_new_system_call, diffs_that_leave, sources_over_links, licence_files, sight, much_output, an_output_folder_that_is_a_link, links_to_the_host, odd_files, odd_names, a_daemon, suicides, a_hard_link_to_the_root])
