#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""The page beside an index, as text and as a browser shows it."""
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packages import crafted_package, index, make_repository
from web import Web
from workbench import Skip, expect, main


def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        raise Skip("no chromium here (apt-get install chromium)")
    return found


def rendered(bench, url):
    """The document after the browser has laid it out. The policy of the page itself keeps every script from running."""
    return subprocess.run([browser(), "--headless", "--no-sandbox", "--disable-gpu",
                           f"--user-data-dir={bench.folder}/profile", "--virtual-time-budget=2000", "--dump-dom", url],
                          capture_output=True, text=True, check=True, timeout=120).stdout


def written(bench):
    repository = make_repository(bench, count=3)
    crafted_package(repository / "x86_64/evil-1-r0.apk",
                    "pkgname = evil\npkgver = 1-r0\narch = x86_64\nsize = 1\npkgdesc = <script>document.title='owned'</script>\n"
                    "url = javascript:alert(1)\n")
    index(bench, repository / "x86_64", "--html", "https://packages.example.org", repository / "x86_64")
    return repository


def page(bench):
    """the page lists every package, says how to use the repository, holds no script and is no stray file."""
    repository = written(bench)
    text = (repository / "x86_64/index.html").read_text()
    expect("<script" not in text and "javascript:" not in text, "a script is in the page")
    expect(not re.search(r'(src|href)="(https?:)?//(?!x)', text.replace("https://packages.example.org", "")), "it loads from elsewhere")
    for part in ("p-0", "p-1", "p-2", "1-r0", "https://packages.example.org/key.rsa.pub", "/etc/apk/repositories", "&lt;script&gt;"):
        expect(part in text, f"{part} is not in the page")
    before = text
    index(bench, repository / "x86_64", "--html", "https://packages.example.org", repository / "x86_64")
    expect((repository / "x86_64/index.html").read_text() == before, "not the same bytes twice")
    for words in ("javascript:alert(1)", "index.html", "https://x y"):
        done = bench.run("index", "-o", repository / "x86_64/APKINDEX.tar.gz", "--html", words, status=2)
        expect("is no address of a repository" in done.stderr and "help: give what clients write" in done.stderr, done.stderr)
    done = bench.run("verify", "--ignore-signatures", repository / "x86_64")
    expect("good" in done.stdout, done.stdout)


def in_a_browser(bench):
    """a browser shows it whole, runs no script and asks for nothing else."""
    repository = written(bench)
    with Web(repository) as web:
        dom = rendered(bench, web.url("/x86_64/index.html"))
        asked = {path for path, _ in web.requests}
    expect(dom.count("<tr id=") == 4, f"not four rows:\n{dom}")
    expect("owned" not in re.search(r"<title>(.*?)</title>", dom)[1], "a script ran")
    expect(asked <= {"/x86_64/index.html", "/favicon.ico"}, f"asked for {asked}")


main([page, in_a_browser])
