#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Counts what meson's test logs hold and prints why anything was skipped; the last line is "N passed, N failed, N skipped".

usage: count_results.py TESTLOG.json…
A program that speaks TAP counts by its points, one of Catch2 by its test cases, any other as one test.
"""
import json
import re
import sys

CASES = re.compile(r"^All tests passed \(.* in (\d+) test cases?\)", re.MULTILINE)
POINT = re.compile(r"^(not ok|ok)\b(.*)$")


def points(test):
    """[(outcome, what)] of one test of the log."""
    found = []
    for line in (test.get("stdout") or "").splitlines():
        match = POINT.match(line)
        if match:
            skipped = re.search(r"# skip\b(.*)", match[2], re.IGNORECASE)
            outcome = "skipped" if skipped else "passed" if match[1] == "ok" else "failed"
            found.append((outcome, test["name"] + ":" + (skipped[1] if skipped else match[2])))
    return found


def reason(test):
    lines = [line for line in ((test.get("stdout") or "") + (test.get("stderr") or "")).splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
        for test in tests:
            result = test["result"]
            found = points(test) if result in ("OK", "EXPECTEDFAIL", "FAIL", "ERROR") else []
            if result == "SKIP":
                found = [("skipped", f"{test['name']}: {reason(test)}")]
            elif result not in ("OK", "EXPECTEDFAIL") and not any(outcome == "failed" for outcome, _ in found):
                found.append(("failed", f"{test['name']}: {result}"))
            elif not found:
                cases = CASES.search(test.get("stdout") or "")
                found = [("passed", test["name"])] * (int(cases[1]) if cases else 1)
            for outcome, what in found:
                counts[outcome] += 1
                if outcome != "passed":
                    print(f"{outcome}: {what}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
