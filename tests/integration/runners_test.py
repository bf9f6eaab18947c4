#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""One suite of behaviours over every runner of this machine, as root and as an ordinary user: each does the same, and gives the same bytes.

The chroot runner is tested where it belongs: in a container of the docker engine, with the rights that the engine gives by default.
"""
import contextlib
import functools
import grp
import ipaddress
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from web import Web
from workbench import QUERN, STATE, Skip, build_flags, digests, expect, main

USER = "quern-test"
IMAGE = "quern-test-host:1"
# busybox has no setcap, so python writes the attribute. Its value is cap_net_raw=ep in the form that the kernel keeps.
RECIPE = """package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}], checks: {disabled: [setuidgid, worldwrite]}}
environment:
  contents: {packages: [busybox, python3, tar]}
  environment: {NAME: 'va lue', LINES: "two\\nlines"}
pipeline:
  - runs: |
      mkdir -p "${{targets.destdir}}/usr/share" "${{targets.destdir}}/srv/app"
      cd "${{targets.destdir}}/usr/share"
      env | grep -v ^_= | sort > environment
      id -u > who; id -g >> who; umask >> who
      ls /tmp > tmp; echo kept > /tmp/kept
  - uses: fetch
    with:
      uri: https://ftp.gnu.org/gnu/hello/hello-2.10.tar.gz
      expected-sha256: 31e066137a962676e89f69d1b65382de95a7ef7d914b8cb956f41ea72e0f516b
  - runs: |
      grep kept /tmp/kept
      rm hello-2.10.tar.gz; cp COPYING "${{targets.destdir}}/usr/share/"
      rm -r doc
      cd "${{targets.destdir}}/usr/share"
      ! wget -q -T 2 -O - http://192.0.2.1/ 2>/dev/null
      echo a > owned; chown 1000:50 owned
      echo b > special; chown 0:12 special; chmod 6755 special
      echo c > closed; chmod 600 closed
      chown 1000:1000 ../../srv/app; chmod 1770 ../../srv/app
      ln special hard; ln -s ../../../../etc/passwd soft
      printf 'raw' > capable
      python3 -c 'import os; os.setxattr("capable", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'
      printf 'raw' > noted; python3 -c 'import os; os.setxattr("noted", "user.origin", b"a step")'
      ! mknod null c 1 3 2>/dev/null
  - uses: fetch
    with:
      uri: https://ftp.gnu.org/gnu/hello/hello-2.10.tar.gz
      expected-sha256: 31e066137a962676e89f69d1b65382de95a7ef7d914b8cb956f41ea72e0f516b
      extract: false
  - runs: |
      test -s hello-2.10.tar.gz; test ! -e doc
      echo to stdout; echo to stderr >&2
subpackages:
  - name: probe-doc
    pipeline:
      - runs: mkdir -p "${{targets.subpkgdir}}/usr/share"; mv "${{targets.destdir}}/usr/share/COPYING" "${{targets.subpkgdir}}/usr/share/"
"""
HEAD = "package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]%s}\nenvironment: {contents: {packages: [busybox]}}\n"


@functools.cache
def user():
    """The ordinary user with a range of ids."""
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        if os.geteuid() != 0:
            raise Skip("only root can make the user that this needs") from None
        made = subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", USER], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Skip(f"useradd: {made.stderr.strip()}") from None
        return pwd.getpwnam(USER)


@functools.cache
def findings():
    done = subprocess.run([QUERN, "--format", "json", "doctor"], capture_output=True, text=True, check=False)
    return {finding["subject"]: finding for finding in json.loads(done.stdout.splitlines()[0])}


def needs(runner):
    finding = findings()[f"runner {runner}"]
    if not finding["works"]:
        raise Skip(finding["detail"])


def docker(*words, **options):
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False, **options).stdout


@functools.cache
def host_image():
    """An image in which this machine's programs run once /usr is mounted."""
    needs("docker")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("usr", "tmp", "root", "proc", "dev", "etc", "run", "var/tmp", "state"):
            (root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        for name in ("passwd", "group", "ld.so.cache"):
            shutil.copy(f"/etc/{name}", root / "etc")
        packed = subprocess.run(["tar", "-C", folder, "-c", "."], capture_output=True, check=True).stdout
        subprocess.run(["docker", "import", "-", IMAGE], input=packed, capture_output=True, check=True)
    return IMAGE


class Place:
    """A folder with the recipe, a copy of what builds need, and a way to call quern there."""

    def __init__(self, bench, runner, who):
        self.runner, self.who = runner, who
        self.bench = bench
        if who == "user":
            self.folder = pathlib.Path(user().pw_dir) / bench.folder.name
            self.folder.mkdir()
            self.program = self.folder / "quern"
            shutil.copy(QUERN, self.program)
        else:
            self.folder = bench.folder / f"{runner}-{who}"
            self.folder.mkdir()
            self.program = QUERN
        self.state = self.folder / "state"
        shutil.copytree(STATE, self.state, symlinks=True, ignore=shutil.ignore_patterns(".apt-sources"))
        self.give(self.folder)

    def recipe(self, text):
        (self.folder / "probe").mkdir(exist_ok=True)
        (self.folder / "probe/melange.yaml").write_text(text)
        self.give(self.folder / "probe")

    def give(self, path):
        """What is made here is the user's; a cache is never given: what is in root trees belongs to many ids."""
        if self.who == "user":
            subprocess.run(["chown", "-R", f"{USER}:", path], check=True)

    def words(self, *words):
        """The command for a build, in whatever it has to be wrapped."""
        state = self.state if self.runner != "chroot" else pathlib.Path("/state/state")
        flags = [str(flag).replace(str(STATE), str(state)) for flag in build_flags()]
        call = ["build", "probe/melange.yaml", *flags, "--runner", self.runner, "--fresh", *map(str, words)]
        if self.runner == "chroot":
            return ["docker", "run", "--rm", "--network=none", "--label=quern.test", "-v", "/usr:/usr:ro", "-v", f"{self.folder}:/state", "-v",
                    f"{QUERN.parent}:/program:ro", "-w", "/state", "-e", "QUERN_CACHE_DIR=/state/cache", host_image(), "/program/quern", *call]
        if self.who == "user":
            groups = [f"--groups={grp.getgrnam('docker').gr_gid}"] if self.runner == "docker" else ["--init-groups"]
            return ["setpriv", "--reuid", USER, "--regid", USER, *groups, "--reset-env",
                    "env", f"QUERN_CACHE_DIR={self.cache()}", self.program, *call]
        return [self.program, *call]

    def start(self, *words):
        environment = {**os.environ, "QUERN_CACHE_DIR": str(self.cache())}
        if self.who == "user":
            environment["HOME"] = str(self.folder)
        return subprocess.Popen([str(word) for word in self.words(*words)], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", env=environment)

    def build(self, *words, status=0):
        process = self.start(*words)
        out, err = process.communicate(timeout=600)
        expect(process.returncode == status, f"exit {process.returncode}, not {status}\n{out}{err}")
        return out + err

    def cache(self):
        return self.folder / "cache"

    def close(self):
        if self.who == "user":
            subprocess.run(["rm", "-rf", self.folder], check=False)


@contextlib.contextmanager
def place(bench, runner, who):
    if runner != "chroot":
        needs(runner)
    if who == "user":
        user()
    made = Place(bench, runner, who)
    try:
        yield made
    finally:
        made.close()


def nothing_left(at):
    """No workspace, no container, and for a user no file of somebody else's."""
    left = list((at.cache() / "workspaces").glob("build-*"))
    expect(not left, f"left behind: {left}")
    if at.runner == "docker":
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and docker("ps", "--all", "--quiet", "--filter", "label=quern.owner"):
            pass
        left = docker("ps", "--all", "--filter", "label=quern.owner")
        expect(left.count("\n") == 1, f"left behind: {left}")
    if at.who == "user":
        strange = subprocess.run(["find", at.folder, at.cache(), "-uid", "0"], capture_output=True, text=True, check=False).stdout
        expect(not strange, f"files of root's: {strange}")


REFERENCE = {}


def bytes_of(bench, runner, who):
    """The packages are those of bubblewrap as root, byte for byte; both outputs are in the log; nothing is left."""
    if not REFERENCE:
        with place(bench, "bubblewrap", "root") as at:
            at.recipe(RECIPE)
            at.build()
            REFERENCE.update(digests(at.folder / "packages"))
    with contextlib.ExitStack() as stack:
        if (runner, who) == ("bubblewrap", "root"):
            again = bench.folder / "again"
            again.mkdir()
            at = stack.enter_context(place(type(bench)(again), runner, who))
        else:
            at = stack.enter_context(place(bench, runner, who))
        at.recipe(RECIPE)
        said = at.build("-v")
        expect("to stdout" in said and "to stderr" in said, said)
        found = digests(at.folder / "packages")
        if found != REFERENCE:
            listed = bench.run("show", "--files", at.folder / "packages/x86_64/probe-1-r0.apk").stdout
            raise AssertionError(f"other bytes: {sorted(set(found.items()) ^ set(REFERENCE.items()))}\n{listed}")
        nothing_left(at)


def statuses_of(bench, runner, who):
    """A step's own status, its line and a signal are told; a program that is not there is named."""
    with place(bench, runner, who) as at:
        for script, words in (("true\n      exit 7", ("exit status 7", "exit 7")), ("kill -9 $$", ("exit status 137",)),
                              ("no-such-program", ("exit status 127", "no-such-program")), ("false | true", ("exit status 1",))):
            at.recipe(HEAD % "" + f"pipeline:\n  - runs: |\n      {script}\n")
            said = at.build(status=3)
            expect(all(word in said for word in words), f"{script}: {said}")
        nothing_left(at)


def leftovers_of(bench, runner, who):
    """A daemon that a step leaves is dead before the next step, and no step ends the build by killing everything."""
    with place(bench, runner, who) as at:
        at.recipe(HEAD % "" + """pipeline:
  - runs: |
      (trap '' TERM HUP; while :; do echo x >> /home/build/alive; sleep 0.1 2>/dev/null || sleep 1; done) > /dev/null 2>&1 &
      setsid sh -c 'while :; do echo x >> /home/build/alive; sleep 1; done' > /dev/null 2>&1 &
      while ! test -s /home/build/alive; do :; done
  - runs: |
      wc -c < alive > before; sleep 2; wc -c < alive > after; cmp before after
  - runs: |
      kill -KILL -1 2>/dev/null || true
""")
        process = at.start()
        said = "".join(process.communicate(timeout=600))
        # Where the shell itself is among all, the last step fails; the build must still be there to say so.
        expect(process.returncode == 0 or (process.returncode == 3 and "137" in said), f"exit {process.returncode}: {said}")
        expect("cmp" not in said, said)
        nothing_left(at)


def limits_of(bench, runner, who):
    """What exceeds memory, disk or time is ended, and the message names the flag."""
    with place(bench, runner, who) as at:
        at.recipe(HEAD % ", timeout: 3s" + "pipeline: [{runs: sleep 60}]\n")
        start = time.monotonic()
        said = at.build(status=4)
        expect("--timeout" in said and time.monotonic() - start < 60, said)
        at.recipe(HEAD % "" + "pipeline: [{runs: 'tr \"\\\\0\" x < /dev/zero | head -c 300000000 | sort > /dev/null'}]\n")
        process = at.start("--memory", "64Mi")
        said = "".join(process.communicate(timeout=600))
        expect(process.returncode in (3, 4) and "--memory" in said, f"exit {process.returncode}: {said}")
        # What is too much at the end of a step is too much, and so is what a step begins with.
        for steps in ("{runs: 'head -c 40000000 /dev/zero > big; sleep 60'}", "{runs: 'head -c 40000000 /dev/zero > big'}, {runs: sleep 60}"):
            at.recipe(HEAD % "" + f"pipeline: [{steps}]\n")
            start = time.monotonic()
            said = at.build("--disk", "10Mi", status=4)
            expect("written more than 10.0 MiB" in said and "--disk" in said and time.monotonic() - start < 60, said)
        at.build("--until", "1", "--disk", "100Mi")
        nothing_left(at)


def kill_of(bench, runner, who):
    """Ctrl-C and a kill of the builder leave no process, no container and no workspace."""
    with place(bench, runner, who) as at:
        for number in (signal.SIGTERM, signal.SIGKILL):
            mark = f"quern-mark-{os.getpid()}-{runner}-{who}-{int(number)}"
            at.recipe(HEAD % "" + f"pipeline: [{{runs: 'exec sh -c \"while :; do sleep 1; done\" {mark}'}}]\n")
            process = at.start()
            wait_for(lambda: running(f"do sleep 1; done\x00{mark}"), "the step did not start")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            expect(process.returncode in ((130,) if number == signal.SIGTERM else (-9,)), f"{process.returncode}: {out}{err}")
            wait_for(lambda: not running(mark), "the step lives on")
        at.recipe(HEAD % "" + "pipeline: [{runs: 'true'}]\n")
        at.build()
        nothing_left(at)


def volumes():
    return set(docker("volume", "ls", "--quiet", "--filter", "label=quern.cache").split())


def caches_of(bench, runner, who):
    """A cache lasts from build to build, also from one that fails; a read-only one forgets; no package changes."""
    step = "cd $npm_config_cache; echo more >> deep/lines; echo \"has $(wc -l < deep/lines)\"; test -L link"
    text = HEAD % "" + f"pipeline: [{{runs: 'mkdir -p ${{{{targets.destdir}}}} $npm_config_cache/deep; ln -sf deep/lines $npm_config_cache/link; {step}%s'}}]\n"
    before = volumes() if runner == "docker" else set()
    with place(bench, runner, who) as at:
        def lines(*words, more=""):
            at.recipe(text % more)
            said = at.build("-v", *words, status=3 if more else 0)
            return int(said.split("has ", 1)[1].split()[0])
        try:
            found = [lines("--out-dir", "cold"), lines(more="; exit 1"), lines("--cache-trust=read-only"), lines("--out-dir", "warm"),
                     lines("--cache-scope=recipe"), lines("--cache-scope=recipe", "--cache-trust=read-only")]
            expect(found == [1, 2, 3, 3, 1, 2], f"lines: {found}")
            expect(digests(at.folder / "cold") == digests(at.folder / "warm"), "the cache changed the packages")
            made = volumes() - before if runner == "docker" else set()
            expect(runner != "docker" or len(made) == 2, f"volumes: {made}")
            nothing_left(at)
        finally:
            if runner == "docker":
                docker("volume", "rm", *(volumes() - before))


DOWNLOADS = """inputs: {url: {required: true}}
pipeline:
  - name: getting
    downloads: {into: .kept/get, locks: [lock]}
    runs: wget -q -T 5 -O .kept/get/got "${{inputs.url}}"
"""


def downloads_of(bench, runner, who):
    """What a step downloads is got once, with the network; steps behind it and later builds have none; the bytes are the same."""
    if runner == "chroot":
        raise Skip("the test's container has no network")
    address = "127.0.0.1"
    if runner == "docker":
        needs(runner)
        subnet = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}").strip()
        if not subnet:
            raise Skip("the engine has no bridge")
        address = str(next(ipaddress.ip_network(subnet).hosts()))  # this machine's, as the guests see it
    served = bench.folder / "served"
    served.mkdir()
    (served / "file").write_text("from outside\n")
    with place(bench, runner, who) as at, Web(served, address=address) as web:
        (at.folder / "probe/definitions").mkdir(parents=True)
        (at.folder / "probe/definitions/get.yaml").write_text(DOWNLOADS)
        (at.folder / "probe/lock").write_text("one\n")
        at.recipe((HEAD % "").replace("[busybox]", "[busybox, wget]") + f"""pipeline:
  - uses: get
    with: {{url: "{web.url("/file")}"}}
  - runs: |
      mkdir -p "${{{{targets.destdir}}}}"; cp .kept/get/got "${{{{targets.destdir}}}}/"
      ! wget -q -T 2 --tries=1 -O /dev/null {web.url("/file")} 2>/dev/null
""")
        said = at.build("--pipeline-dir", "probe/definitions", "--out-dir", "cold")
        expect('"getting" of probe has the network' in said, said)
        said = at.build("--pipeline-dir", "probe/definitions", "--out-dir", "warm", "--offline")
        expect("has the network" not in said and len(web.requests) == 1, said)
        expect(digests(at.folder / "cold") == digests(at.folder / "warm"), "kept downloads changed the packages")
        nothing_left(at)


def running(mark):
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in entry.read_text(errors="replace"):
                return True
    return False


def wait_for(holds, message):
    deadline = time.monotonic() + 60
    while not holds():
        expect(time.monotonic() < deadline, message)
        os.sched_yield()


def refusal(bench):
    """a runner that cannot work here says why before anything is downloaded, with the next move."""
    at = Place(bench, "docker", "root")
    at.recipe(HEAD % "" + "pipeline: [{runs: 'true'}]\n")
    done = subprocess.run([str(word) for word in at.words()], cwd=at.folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock", "QUERN_CACHE_DIR": str(at.folder / "cache")})
    expect(done.returncode == 4 and "no docker engine runs at /nowhere/docker.sock" in done.stderr and "systemctl start docker" in done.stderr,
           done.stderr)
    expect(not (at.folder / "cache/packages").exists(), "something was fetched before")


def many_at_once(bench):
    """four builds at once in one engine do not disturb each other."""
    needs("docker")
    places = []
    for number in range(4):
        folder = bench.folder / str(number)
        folder.mkdir()
        at = Place(type(bench)(folder), "docker", "root")
        at.recipe((HEAD % "") + f"pipeline: [{{runs: 'mkdir -p ${{{{targets.destdir}}}}; echo {number} > ${{{{targets.destdir}}}}/n'}}]\n")
        places.append((at, at.start()))
    for at, process in places:
        said = "".join(process.communicate(timeout=600))
        expect(process.returncode == 0, said)
        nothing_left(at)


def cases():
    made = []
    for behaviour in (bytes_of, statuses_of, leftovers_of, limits_of, caches_of, downloads_of, kill_of):
        for runner, who in (("bubblewrap", "root"), ("bubblewrap", "user"), ("docker", "root"), ("docker", "user"), ("podman", "root"),
                            ("podman", "user"), ("chroot", "root")):
            if behaviour is kill_of and runner == "chroot":
                continue  # a kill of docker's client is not one of the builder in the container
            case = functools.partial(behaviour, runner=runner, who=who)
            case.__doc__ = f"{runner} as {who}: {behaviour.__doc__.splitlines()[0]}"
            made.append(case)
    return made


if __name__ == "__main__":
    chosen = [*cases(), refusal, many_at_once]
    wanted = os.environ.get("QUERN_TEST_ONLY", "")
    main([case for case in chosen if wanted in case.__doc__])
