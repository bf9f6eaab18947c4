// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/plain_reporter.hpp"

#include "output_file.hpp"

#include <catch2/catch.hpp>

using namespace quern;

TEST_CASE("plain_reporter: a line for each start and end", "[support][plain_reporter]") {
    const OutputFile file;
    {
        PlainReporter reporter(file.fd(), {.verbose = true, .colour = true});
        Activity outer(reporter, "building hello");
        const Activity inner(reporter, "fetching", outer.id());
        outer.progress(1, 2, "packages");
        reporter.step_output("make", "\x1b[1mcc");
        reporter.step_output("make", " x.c\nld");
        reporter.warning("odd\x1b[0m");
        reporter.note("wrote x");
        outer.outcome("2 packages");
    }
    CHECK(
        file.text() ==
        "building hello...\n"
        "[make] cc x.c\n"
        "warning: odd\\x1b[0m\n"
        "wrote x\n"
        "[make] ld\n"
        "building hello: 2 packages\n"
    );
}

TEST_CASE("plain_reporter: step output only when verbose", "[support][plain_reporter]") {
    const OutputFile file;
    {
        PlainReporter reporter(file.fd(), {});
        reporter.step_output("make", "cc\n");
        PlainReporter quiet(file.fd(), {.quiet = true});
        const Activity activity(quiet, "x");
        quiet.note("n");
        quiet.warning("w");
    }
    CHECK(file.text() == "warning: w\n");
}
