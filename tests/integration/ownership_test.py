#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Who has a single id gets the owners that steps give, the same bytes as with a range of ids; and what answers for the kernel is not misled."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, STATE, Skip, build_flags, digests, expect, main

NOBODY = 65534  # has no range of ids on any machine
HEAD = """package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}], checks: {disabled: [setuidgid, worldwrite, srv, opt]}}
environment: {contents: {packages: [busybox, coreutils, python3, tar]}}
"""
# Calls that no program makes as such: relative to a descriptor, of 16 bits, and by the numbers of 32-bit programs.
CALLS = r"""
import ctypes, io, mmap, os, signal, tarfile
os.mkdir("srv/calls")
for name in "abcdefgh":
    open("srv/calls/" + name, "w").close()
os.symlink("a", "srv/calls/link")
place = os.open("srv/calls", os.O_RDONLY)
os.chown("a", 101, 102, dir_fd=place)
os.chown("link", 103, 104, dir_fd=place, follow_symlinks=False)
os.chown("../calls/../../srv/calls/b", 105, 106, dir_fd=place)
file = os.open("srv/calls/c", os.O_RDONLY)
os.fchown(file, 107, -1)
os.fchown(file, -1, 108)
os.lchown("srv/calls/d", 109, 110)
libc = ctypes.CDLL(None, use_errno=True)
only_path = os.open("srv/calls/e", os.O_PATH)
assert libc.fchownat(only_path, b"", 111, 112, 0x1000) == 0
only_path = os.open("srv/calls/link", os.O_PATH | os.O_NOFOLLOW)
assert libc.fchownat(only_path, b"", -1, 114, 0x1000) == 0
assert libc.fchownat(place, b"f", 1, 1, 0x4000) == -1 and ctypes.get_errno() == 22
assert libc.chown(ctypes.c_void_p(8), 1, 1) == -1 and ctypes.get_errno() == 14
assert libc.chown(b"f" * 5000, 1, 1) == -1 and ctypes.get_errno() == 36
assert libc.chown(b"srv/calls/f/x", 1, 1) == -1 and ctypes.get_errno() == 20
assert libc.chown(b"srv/calls/f", 65536, 1) == -1 and ctypes.get_errno() == 22
assert libc.fchown(99, 1, 1) == -1 and ctypes.get_errno() == 9
# A path that ends where the memory does.
pages = mmap.mmap(-1, 8192)
start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
path = b"srv/calls/f\0"
pages[4096 - len(path):4096] = path
assert libc.mprotect(ctypes.c_void_p(start + 4096), 4096, 0) == 0
assert libc.chown(ctypes.c_void_p(start + 4096 - len(path)), 115, 116) == 0
# chown of 16 bits, by int 0x80. A kernel without 32-bit programs ends the child.
libc.mmap.restype = ctypes.c_void_p
low = libc.mmap(None, 4096, 7, 0x62, -1, 0)
if os.fork() == 0:
    if os.uname().machine == "x86_64":
        code = bytes.fromhex("53 89f8 89f3 87d1 cd80 5b c3")
        ctypes.memmove(low, code + b"srv/calls/g\0", len(code) + 12)
        call = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_uint] * 4)(low)
        assert call(182, low + len(code), 117, 0xFFFF) == 0 and call(212, low + len(code), 0xFFFFFFFF, 118) == 0
    os._exit(0)
os.wait()
os.chown("srv/calls/g", 117, 118)
# An archive with owners, links and hard links.
with tarfile.open("/tmp/owned.tar", "w") as archive:
    for number, (name, kind) in enumerate((("dir", tarfile.DIRTYPE), ("dir/file", tarfile.REGTYPE), ("dir/soft", tarfile.SYMTYPE),
                                           ("dir/hard", tarfile.LNKTYPE))):
        member = tarfile.TarInfo("srv/unpacked/" + name)
        member.type, member.uid, member.gid, member.mode = kind, 200 + number // 3, 300 + number // 3, 0o4755
        member.linkname = "srv/unpacked/dir/file" if kind == tarfile.LNKTYPE else "file"
        archive.addfile(member, io.BytesIO())
capability = bytes.fromhex("0100000200200000000000000000000000000000")
for name in ("lost", "kept"):
    open("srv/calls/" + name, "w").close()
    os.setxattr("srv/calls/lost", "security.capability", capability)
    os.chown("srv/calls/" + name, 119, 120)
os.setxattr("srv/calls/kept", "security.capability", capability)
os.setxattr("srv/calls/kept", "user.origin", b"a step")
"""
SCRIPT = r"""
mkdir -p srv/app usr/bin
echo a > srv/a; chown 1000:50 srv/a
echo b > usr/bin/b; chown 0:12 usr/bin/b; chmod 6755 usr/bin/b
echo c > usr/bin/c; chmod 6755 usr/bin/c; chown 5:6 usr/bin/c
echo n > usr/bin/n; chmod 2644 usr/bin/n; chgrp 9 usr/bin/n
echo z > usr/bin/z; chmod 6755 usr/bin/z; chown 0:0 usr/bin/z
echo s > usr/bin/s; chown 5:6 usr/bin/s; chmod 6755 usr/bin/s; chown 0:0 usr/bin/s
echo d > srv/d; chown 7 srv/d; chgrp 8 srv/d
echo e > srv/e; chown 7:8 srv/e; chown 0 srv/e
echo f > srv/f; chown 7:8 srv/f; chown 0:0 srv/f
echo h > srv/h; ln srv/h srv/i; chown 3:4 srv/i; ln srv/i srv/j
chown 1000:1000 srv/app; chmod 2770 srv/app
ln -s a srv/l; chown -h 1000:50 srv/l
ln -s nowhere srv/dangling; chown -h 9:10 srv/dangling; ! chown 9:10 srv/dangling 2>/dev/null
ln -s d srv/through; chown 11:12 srv/through
ln -s x srv/again; chown -h 9:9 srv/again; ln -sfn y srv/again
ln -s x srv/back; chown -h 9:9 srv/back; chown -h 0:0 srv/back
mkdir -p srv/tree/deep; echo t > srv/tree/deep/file; ln -s file srv/tree/deep/link; chown -R 20:21 srv/tree; chmod 4711 srv/tree/deep/file
install -o 30 -g 31 -m 4755 srv/a usr/bin/installed; install -d -o 32 -g 33 srv/made
cp -a srv/tree srv/copy; cp -a srv/l srv/l2; mv srv/d srv/moved
mkfifo srv/fifo; chown 1:1 srv/fifo; rm srv/fifo
mkdir srv/shut; echo x > srv/shut/x; chmod 0 srv/shut srv/shut/x; chown 13:14 srv/shut/x srv/shut
for i in 1 2 3 4 5 6 7 8; do (for j in 1 2 3 4 5 6 7 8; do echo > srv/made/$i$j; chown $i:$j srv/made/$i$j; done) & done; wait
! chown 1:1 /dev/null 2>/dev/null; chown :0 /dev/null 2>/dev/null || true
"""


def indented(text):
    return "".join(f"      {line}\n" for line in text.strip().splitlines())


RECIPE = HEAD + 'pipeline:\n  - runs: |\n      cd "${{targets.destdir}}"\n' + indented(SCRIPT) + "      python3 - <<'X'\n" + indented(CALLS) + \
    """      X
      tar -xf /tmp/owned.tar
  - runs: |
      cd "${{targets.destdir}}"
      chown 40 srv/a; chgrp -h 41 srv/l; chmod u+s srv/e
subpackages:
  - name: probe-tree
    checks: {disabled: [setuidgid, opt]}
    pipeline:
      - runs: |
          cd "${{targets.subpkgdir}}"; mkdir opt
          mv "${{targets.destdir}}/srv/copy" "${{targets.destdir}}/srv/l2" "${{targets.destdir}}/srv/i" "${{targets.destdir}}/srv/unpacked" opt/
"""
REFERENCE = {}


def built_by_root(bench, *words):
    """{file: digest} and what is in the packages, of a build in a folder of its own."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=bench.folder))
    bench.build(bench.recipe(RECIPE).relative_to(bench.folder), "--out-dir", folder, *words, env={"QUERN_CACHE_DIR": str(folder / "cache")})
    shutil.rmtree(folder / "cache")
    return folder


def listed(bench, folder):
    return "".join(bench.run("show", "--files", package).stdout for package in sorted(folder.rglob("*.apk")))


def same_as_with_a_range(bench, folder):
    if not REFERENCE:
        made = built_by_root(bench)
        REFERENCE.update(digests=digests(made), listed=listed(bench, made))
        expect("1000:50" in REFERENCE["listed"] or "40:50" in REFERENCE["listed"], "the range of ids was not used: " + REFERENCE["listed"])
    found = listed(bench, folder)
    unlike = sorted(set(found.splitlines()) ^ set(REFERENCE["listed"].splitlines()))
    expect(digests(folder) == REFERENCE["digests"], "other bytes:\n" + "\n".join(unlike))


def by_root(bench):
    """root with a single id."""
    same_as_with_a_range(bench, built_by_root(bench, "--single-id"))


def by_podman(bench):
    """podman with a single id."""
    if not shutil.which("podman"):
        raise Skip("podman is not installed")
    same_as_with_a_range(bench, built_by_root(bench, "--single-id", "--runner", "podman"))


def by_a_user(bench):
    """an ordinary user who has no range of ids."""
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        folder = pathlib.Path(place)
        shutil.copytree(STATE, folder / "state", symlinks=True, ignore=shutil.ignore_patterns(".apt-sources"))
        shutil.copy(QUERN, folder)
        (folder / "recipe").mkdir()
        (folder / "recipe/melange.yaml").write_text(RECIPE)
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
        flags = [str(flag).replace(str(STATE), str(folder / "state")) for flag in build_flags()]
        done = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--reset-env", folder / "quern", "build",
                               "recipe/melange.yaml", *flags, "--cache-root", folder / "cache"],
                              cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        expect(done.returncode == 0, done.stdout + done.stderr)
        same_as_with_a_range(bench, folder / "packages")


# Each tries to have a note put on the file of the host whose path is CANARY, or to keep the supervisor from its work.
HOSTILE = r"""
import ctypes, os, signal, sys, threading
canary = "CANARY"
libc = ctypes.CDLL(None, use_errno=True)


def give(path, **how):
    try:
        os.chown(path, 1000, 1000, **how)
        return True
    except OSError:
        return False


up = "../" * 40
os.makedirs("/home/build/jail/in" + os.path.dirname(canary))
inside = "/home/build/jail/in" + canary
open(inside, "w").close()
os.symlink(canary, "absolute")
os.symlink(up + canary[1:], "relative")
os.symlink("/proc/1/root" + canary, "by-root")
os.symlink(up.rstrip("/"), "above")
for path in (canary, up + canary[1:], "absolute", "relative", "by-root", "above" + canary, "/proc/1/root" + canary, "/proc/self/root/" + up + canary,
             "/proc/1/cwd/" + up + canary, "/proc/thread-self/root" + canary):
    give(path), give(path, follow_symlinks=False)
for number in os.listdir("/proc/1/fd") if os.access("/proc/1/fd", os.R_OK) else range(20):
    give(f"/proc/1/fd/{number}"), give(f"/proc/1/fd/{number}/" + up + canary)
for number in range(64):
    libc.fchown(number, 1000, 1000)
    libc.fchownat(number, canary.encode(), 1000, 1000, 0)
    libc.fchownat(number, (up + canary).encode(), 1000, 1000, 0)

# Out of a root of its own: by a descriptor, and by a directory that is moved while it is walked.
if os.fork() == 0:
    outside = os.open("/", os.O_RDONLY)
    os.chroot("/home/build/jail")
    give(up + canary, dir_fd=outside), give(canary), give(up + canary)
    os.fchdir(outside)
    give(up + canary)
    os._exit(0)
os.wait()

# FIFOs nobody reads, and one in a directory's place.
os.mkfifo("fifo")
print("fifo", give("fifo"), give("fifo", follow_symlinks=False), give("fifo/x"))

# A path that changes between a file of the guest and one outside, by renames and in memory.
over = threading.Event()
text = ctypes.create_string_buffer(4096)


def swap(new):
    while not over.is_set():
        for name in ("absolute", "relative", "by-root"):
            os.symlink(os.readlink(name), new)
            os.rename(new, "racing")
            os.symlink(inside, new)
            os.rename(new, "racing")
            text.value = (up + canary).encode()
            text.value = inside.encode()


threads = [threading.Thread(target=swap, args=(new,)) for new in ("new-1", "new-2")]
for thread in threads:
    thread.start()
for _ in range(2000):
    give("racing")
    libc.chown(text, 1000, 1000)
over.set()
for thread in threads:
    thread.join()

# Callers that are killed, and calls that signals break into.
for _ in range(200):
    pid = os.fork()
    if pid == 0:
        while True:
            libc.chown(inside.encode(), 1, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
print("signals", all(give(inside) for _ in range(500)))
signal.setitimer(signal.ITIMER_REAL, 0)
open("mine", "w").close()
print("works", give("mine"), os.getxattr("mine", "user.quern.owner").decode())
"""


def attributes(path):
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}


def hostile(bench):
    """no link, race, descriptor or root of its own lets a step touch a file of the host, and nothing that it does stops the answers."""
    canary = bench.folder / "canary"
    canary.write_text("x")
    before = canary.stat()
    recipe = bench.recipe(HEAD + "pipeline:\n  - runs: |\n      python3 - <<'X'\n" + indented(HOSTILE.replace("CANARY", str(canary))) +
                          "      X\n      mkdir -p ${{targets.destdir}}\n")
    for runner in ("bubblewrap", *(["podman"] if shutil.which("podman") else [])):
        done = bench.build(recipe, "--single-id", "--runner", runner, "-v", "--fresh", env={"QUERN_CACHE_DIR": str(bench.folder / "cache")}, timeout=120)
        after = canary.stat()
        expect(not attributes(canary) and (after.st_ctime_ns, after.st_uid) == (before.st_ctime_ns, before.st_uid),
               f"{runner}: the canary was touched: {attributes(canary)}")
        for line in ("fifo True True False", "signals True", "works True 1000:1000"):
            expect(line in done.stdout + done.stderr, f"{runner}: no '{line}' in {done.stdout}{done.stderr}")


def running(mark):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path.parent.name] if mark.encode() in path.read_bytes() else []
        except OSError:
            pass
    return found


def wait_for(holds, message):
    deadline = time.monotonic() + 30
    while not holds():
        expect(time.monotonic() < deadline, message)


def killed(bench):
    """a kill of the builder while steps give files away leaves no process."""
    mark = f"quern-owners-{os.getpid()}"
    script = "open('x', 'w').close()\nopen('/home/build/started', 'w').close()\nwhile True: os.chown('x', 1, 2)"
    recipe = bench.recipe(HEAD + f"pipeline:\n  - runs: |\n      for i in 1 2 3 4; do python3 -c \"\n      import os, sys\n{indented(script)}      \" {mark} & done; wait\n")
    command = [str(word) for word in (QUERN, "build", recipe, *build_flags(), "--single-id", "--fresh")]
    with subprocess.Popen(command, cwd=bench.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, "QUERN_CACHE_DIR": str(bench.folder / "cache")}) as process:
        try:
            wait_for(lambda: list(bench.folder.glob("cache/workspaces/*/overlay/*/upper/home/build/started")), "the step did not start")
        finally:
            process.kill()
    wait_for(lambda: not running(mark), "the step lives on")


main([by_root, by_podman, by_a_user, hostile, killed])
