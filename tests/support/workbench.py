# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the finished program share: where things are, running quern, counting outcomes.

A test script calls `main([case, …])`; a case is a function of a Bench whose docstring is its name. Each runs in an empty folder of its own.
Output is TAP; a case skips by raising Skip(reason).
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QUERN_BUILD_ROOT", SOURCE / "build")).resolve()
QUERN = BUILD / "quern"
STATE = SOURCE / "build" / "quickstart"  # what examples/quickstart left: seed, keys, sources
SHARED = SOURCE.parent / "shared"


class Skip(Exception):
    """This machine cannot run the case; the text says why."""


class Bench:
    """An empty folder and the program."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def run(self, *words, status=0, cwd=None, env=None, prefix=(), timeout=600, typed=None):
        """Runs quern with `typed` as its input, checks its exit status (one, or one of several), gives the finished process."""
        command = [*map(str, prefix), str(QUERN), *map(str, words)]
        done = subprocess.run(command, cwd=cwd or self.folder, capture_output=True, text=True, errors="replace", timeout=timeout,
                              input=typed or "", env={**os.environ, **(env or {})}, check=False)
        wanted = status if isinstance(status, tuple) else (status,)
        expect(done.returncode in wanted, f"exit {done.returncode}, not {status}: {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done

    def build(self, recipe, *words, **options):
        """`quern build` against the seed; packages land in self.folder/packages unless --out-dir is given."""
        return self.run("build", recipe, *build_flags(), *words, **options)

    def recipe(self, text, name="melange.yaml"):
        """Writes a recipe into a folder of its own and gives its path."""
        path = self.folder / "recipe" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path


def build_flags():
    return ("--arch", "x86_64", "--repository-append", STATE / "seed", "--keyring-append", STATE / "seed.rsa.pub",
            "--signing-key", STATE / "hello.rsa", "--cache-dir", STATE / "sources", "--git-commit", "0" * 40)


def expect(holds, message):
    if not holds:
        raise AssertionError(message)


def digests(root):
    """{path: SHA-256} of every file below a folder."""
    root = pathlib.Path(root)
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*")) if path.is_file()}


def shared(path):
    """A file or folder of the design's shared data, where it is."""
    found = SHARED / path
    if not found.exists():
        raise Skip("../shared is not beside this checkout")
    return found


def judge_repository(bench, directory, key):
    """An independent judge finds no error and no warning in a repository's architecture folder.

    Left out is one warning: APK217, sizes that count targets of links, because the recorded facts of the peer count them.
    """
    keys = bench.folder / "judge-keys"
    keys.mkdir(exist_ok=True)
    shutil.copy(key, keys)
    done = subprocess.run([sys.executable, shared("tools/apkcheck.py"), "repo", "--keys", keys, "--strict", "--ignore", "APK217", directory],
                          capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"apkcheck: {done.stdout}{done.stderr}")


def main(cases):
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for number, case in enumerate(cases, 1):
        folder = tempfile.mkdtemp(prefix="quern-test-", dir=BUILD)
        os.chmod(folder, 0o755)
        name = case.__doc__.splitlines()[0].rstrip(".")
        try:
            case(Bench(folder))
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)
