// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/reporter.hpp"

#include "support/recording_reporter.hpp"

#include <catch2/catch.hpp>

using quern::Activity;

TEST_CASE(
    "activity: tells start, progress and outcome in order, and failed without one",
    "[support][reporter]"
) {
    RecordingReporter reporter;
    {
        Activity outer(reporter, "building");
        Activity inner(reporter, "fetching", outer.id());
        inner.progress(1, 2, "packages");
        inner.outcome("2 packages");
        CHECK(reporter.open_activities() == 2);
        CHECK(outer.id() != inner.id());
        CHECK(outer.id() != 0);
    }
    CHECK(
        reporter.events() ==
        std::vector<std::string>{
            "start: building",
            "start: fetching (in building)",
            "progress: fetching 1/2 packages",
            "finish: fetching: 2 packages",
            "finish: building: failed"}
    );
}

TEST_CASE("recording reporter: joins the output of a step", "[support][reporter]") {
    RecordingReporter reporter;
    reporter.step_output("make", "a");
    reporter.step_output("test", "x");
    reporter.step_output("make", "b\n");
    reporter.note("done");
    reporter.warning("odd");
    CHECK(reporter.output_of("make") == "ab\n");
    CHECK(reporter.output_of("none").empty());
    CHECK(reporter.events_of("warning:") == std::vector<std::string>{"warning: odd"});
}
