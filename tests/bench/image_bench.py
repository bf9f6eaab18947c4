#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""An image of 60 packages and 300 MB from a warm package cache, against compressing and hashing the same bytes; one line of JSON.

usage: image_bench.py QUERN LAYER_BENCH SCRATCH [RUNS]

The least of the runs, which take turns, by the clock and by the processors: `build` makes layers and an OCI layout with --fresh, `writer` is our own writer
alone over the same tar, `ratio` one by the other; `again` is a call with nothing to do; memory is the most of any build.
"""
import collections
import functools
import http.server
import json
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_bench import make_apk, tar_member

PACKAGES, BYTES = 60, 5_000_000
Call = collections.namedtuple("Call", "seconds processor memory output errors")


def text(seed):
    """Compresses about as programs do."""
    source = random.Random(seed)
    words = [source.randbytes(source.randint(3, 9)) for _ in range(4000)]
    return b"".join(source.choices(words, k=BYTES // 6 + 1))[:BYTES]


# A process of its own: what the kernel says of a child's memory has that of the process it was forked from in it.
MEASURE = """
import json, os, sys, time
start = time.monotonic()
child = os.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    json.dump([time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024], file)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def timed(command, cwd):
    done = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE, "usage.json", *map(str, command)], cwd=cwd, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command} ended with {done.returncode}: {done.stderr.decode()}")
    return Call(*json.loads((cwd / "usage.json").read_text()), done.stdout, done.stderr)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


def serve(folder):
    """Gives the URL at which the folder is served while this process lives."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def main():
    quern, writer = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    scratch = pathlib.Path(sys.argv[3]).resolve() / "image"
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    repository = scratch / "packages/x86_64"
    repository.mkdir(parents=True)
    names = [f"p{number}" for number in range(PACKAGES)]
    for name in names:
        (repository / f"{name}-1.0-r0.apk").write_bytes(make_apk(name, [tar_member(name, body=text(name))], level=1))
    call = [quern, "--cache-root", scratch / "cache"]
    timed([quern, "keygen", "--key-size", "2048", scratch / "key.rsa"], scratch)
    timed([*call, "index", "-o", repository / "APKINDEX.tar.gz", "--signing-key", scratch / "key.rsa", *sorted(repository.glob("*.apk"))], scratch)
    (scratch / "image.yaml").write_text(f"contents:\n  repositories: [{serve(repository.parent)}]\n  keyring: [{scratch / 'key.rsa.pub'}]\n"
                                        f"  packages: [{', '.join(names)}]\n")
    build = [*call, "image", "build", "image.yaml", "bench:1", "layout", "--output-type", "oci-dir", "--arch", "x86_64", "--sbom=false"]
    timed([*call, "image", "minirootfs", "image.yaml", "root.tar", "--build-arch", "x86_64"], scratch)
    builds, writers, again = [], [], []
    for _ in range(runs):
        shutil.rmtree(scratch / "layout", ignore_errors=True)
        shutil.rmtree(scratch / "cache/image/layers", ignore_errors=True)
        builds.append(timed([*build, "--fresh"], scratch))
        writers.append(timed([writer, "root.tar", "root.tar.gz"], scratch))
        again.append(timed(build, scratch))
        if b"nothing has changed" not in again[-1].errors:
            sys.exit("the image was built again")

    def least(calls, field):
        return round(min(getattr(call, field) for call in calls), 3)

    figures = {"packages": PACKAGES, "bytes": (scratch / "root.tar").stat().st_size, "compressed": (scratch / "root.tar.gz").stat().st_size}
    for field in ("seconds", "processor"):
        figures[field] = {"build": least(builds, field), "writer": least(writers, field),
                          "ratio": round(least(builds, field) / least(writers, field), 2)}
    print(json.dumps({**figures, "again_seconds": least(again, "seconds"), "memory_mib": round(max(call.memory for call in builds), 1)}))


main()
