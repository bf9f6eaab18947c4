#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""After a failure: the guest is kept for `enter`, `retry` does it again, `--interactive` opens a shell on a terminal of its own."""
import os
import pathlib
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from workbench import QUERN, build_flags, expect, main

HEAD = "package: {name: probe, version: '1', epoch: 0, copyright: [{license: MIT}]}\nenvironment: {contents: {packages: [busybox]}}\n"
FAILS = HEAD + """pipeline:
  - name: make
    working-directory: sub
    environment: {MARK: of-the-step}
    runs: |
      echo half > made
      touch /etc/changed
      test -e ../go-on
"""


def cache(bench):
    return {"QUERN_CACHE_DIR": str(bench.folder / "cache")}


def failed_guest(bench):
    """enter opens the guest of the last failure: its files, its directory, its variables."""
    bench.build(bench.recipe(FAILS), status=3, env=cache(bench))
    shown = bench.run("enter", "--", "/bin/sh", "-c", "cat made; test -e /etc/changed && pwd; echo $MARK", env=cache(bench)).stdout
    expect(shown == "half\n/home/build/sub\nof-the-step\n", shown)
    bench.run("enter", "--", "/bin/sh", "-c", "touch kept", env=cache(bench))
    bench.run("enter", "--", "test", "-e", "kept", env=cache(bench))


def piped_shell(bench):
    """a shell without a terminal takes its commands from standard input, and its failure is ours."""
    bench.build(bench.recipe(FAILS), status=3, env=cache(bench))
    shown = bench.run("enter", env=cache(bench), typed="cat made; pwd\n" + "# far more than a pipe holds\n" * 9999 + "echo end\n").stdout
    expect(shown == "half\n/home/build/sub\nend\n", shown)
    expect("exit status 7" in bench.run("enter", env=cache(bench), typed="exit 7\n" + "true\n" * 99999, status=3).stderr, "its status is not told")
    counted = bench.run("enter", "--", "wc", "-c", env=cache(bench), typed="x" * 1000000).stdout
    expect(counted == "1000000\n", counted)


def saved_patch(bench):
    """what is changed in the failed guest is kept as a patch of the step's directory; built files are no part of it."""
    (bench.folder / "recipe").mkdir()
    (bench.folder / "recipe/sub").mkdir()
    (bench.folder / "recipe/sub/text").write_text("one\ntwo\n")
    bench.build(bench.recipe(FAILS), status=3, env=cache(bench))
    change = "sed -i s/two/TWO/ text; echo new > more; head -c 99 /dev/zero > object; rm made; exit 7"
    bench.run("enter", "--save-patch", "fix.patch", "--", "/bin/sh", "-c", change, status=3, env=cache(bench))
    fix = (bench.folder / "fix.patch").read_text()
    expect("-two\n+TWO\n" in fix and "+new\n" in fix and "-half\n" in fix and "object" not in fix, fix)
    (bench.folder / "recipe/sub/made").write_text("half\n")
    subprocess.run(["git", "apply", "../../fix.patch"], cwd=bench.folder / "recipe/sub", check=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": "/"})
    done = bench.run("enter", "--save-patch", "none.patch", "--", "true", env=cache(bench))
    expect("no patch" in done.stderr and not (bench.folder / "none.patch").exists(), done.stderr)


def nothing_failed(bench):
    """enter and retry say so where nothing has failed."""
    for command in ("enter", "retry"):
        expect("no build has failed" in bench.run(command, status=4, env=cache(bench)).stderr, command)


def retry(bench):
    """retry builds again with the words of the last failure, from any directory."""
    path = bench.recipe(FAILS)
    bench.build(path, "--out-dir", "out", status=3, env=cache(bench))
    bench.run("retry", status=3, env=cache(bench), cwd="/")
    path.write_text(FAILS.replace("test -e ../go-on", "true"))
    bench.run("retry", env=cache(bench), cwd="/")
    expect(list((bench.folder / "out").rglob("probe-1-r0.apk")), "nothing in the output of the first call")


def talk(bench, words, lines, folder="."):
    """Runs quern on a terminal, types each line after its prompt text was seen; gives status and all output."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(cache(bench))
        os.chdir(bench.folder / folder)
        os.execv(QUERN, [str(QUERN), *map(str, words)])
    seen = ""
    deadline = time.monotonic() + 60
    pending = list(lines)
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 1)
        if ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data.decode(errors="replace")
        if pending and pending[0][0] in seen:
            os.write(terminal, pending.pop(0)[1].encode())
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), seen


def interactive(bench):
    """--interactive opens a shell with the step's variables, history and terminal; its success goes on."""
    path = bench.recipe(FAILS)
    words = ("build", path, *build_flags(), "--interactive")
    status, seen = talk(bench, words, [("exit 1", "echo got-$MARK; tty; tail -1 $HISTFILE; echo rea''dy\n"), ("\nready", "exit 0\n")])
    expect(status == 0, f"exit {status}: {seen}")
    expect("got-of-the-step" in seen and "go-on" in seen, seen)
    status, seen = talk(bench, words, [("exit 1", "exit 1\n")])
    expect(status == 3, f"exit {status}: {seen}")


def retry_with_patch(bench):
    """retry --save-patch opens a shell where the step fails again, goes on from what it mended, and keeps that as a patch."""
    (bench.folder / "recipe/sub").mkdir(parents=True)
    (bench.folder / "recipe/sub/text").write_text("one\ntwo\n")
    path = bench.recipe(FAILS.replace("test -e ../go-on", "grep TWO text") + "  - name: second\n    runs: grep TWO sub/text; mkdir -p ${{targets.destdir}}\n")
    bench.build(path, status=3, env=cache(bench))
    mend = [("exit 1", "sed -i s/two/TWO/ text; echo rea''dy\n"), ("\nready", "exit 0\n")]
    status, seen = talk(bench, ("retry", "--save-patch", "fix.patch"), mend)
    expect(status == 0 and "fix.patch has what was changed" in seen, f"exit {status}: {seen}")
    fix = (bench.folder / "fix.patch").read_text()
    expect("-two\n+TWO\n" in fix and "made" not in fix, fix)
    expect(list((bench.folder / "packages").rglob("probe-1-r0.apk")), "the build did not go on")
    # Two steps that fail in one build, of which the second shell gives up; the file is meant from where it is named.
    path.write_text(path.read_text().replace("grep TWO sub/text", "grep THREE sub/text"))
    bench.build(path, status=3, env=cache(bench))
    (bench.folder / "elsewhere").mkdir()
    mend[1] = ("\nready", "exit 0\n")
    status, seen = talk(bench, ("retry", "--save-patch", "again.patch"), [*mend, ("step 'second' failed", "echo THREE > sub/text; exit 1\n")], "elsewhere")
    expect(status == 3, f"exit {status}: {seen}")
    found = sorted(file.name for file in (bench.folder / "elsewhere").iterdir())
    expect(found == ["again.patch", "again.patch.2"], f"{found}: {seen}")
    second = (bench.folder / "elsewhere/again.patch.2").read_text()
    expect("+THREE" in second and "sub/text" in second, second)
    # Nothing fails, so there is nothing to save; an earlier file of the same flag is no other one.
    path.write_text(path.read_text().replace("grep THREE sub/text", "true").replace("grep TWO text", "true"))
    done = bench.run("retry", "--save-patch", "none.patch", env=cache(bench))
    expect("no step failed: there is no patch" in done.stderr and not (bench.folder / "none.patch").exists(), done.stderr)


def without_terminal(bench):
    """--interactive without a terminal opens no shell, whose end would be taken for success."""
    done = bench.build(bench.recipe(FAILS), "--interactive", status=3, env=cache(bench), timeout=60)
    expect("no terminal" in done.stderr, done.stderr)


main([failed_guest, piped_shell, saved_patch, nothing_failed, retry, interactive, retry_with_patch, without_terminal])
