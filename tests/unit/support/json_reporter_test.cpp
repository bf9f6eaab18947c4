// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/json_reporter.hpp"

#include "output_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace quern;

TEST_CASE("json_reporter: one object a line", "[support][json_reporter]") {
    const OutputFile file;
    {
        JsonReporter reporter(file.fd(), {.verbose = true});
        reporter.activity_started(1, 0, "a \"b\"");
        reporter.activity_progress(1, 1, 2, "B");
        reporter.step_output("make", "x\xFF\ny");
        reporter.activity_finished(1, "ok");
        reporter.diagnostic(
            {.severity = Severity::warning,
             .id = "i",
             .message = "m",
             .where = {},
             .notes = {},
             .help = "h"}
        );
        reporter.note("n");
        reporter.warning("w");
    }
    CHECK(
        file.text() ==
        R"({"event":"activity_started","id":1,"parent":0,"title":"a \"b\""})"
        "\n"
        R"({"event":"activity_progress","id":1,"done":1,"total":2,"unit":"B"})"
        "\n"
        "{\"event\":\"step_output\",\"step\":\"make\",\"line\":\"x\uFFFD\"}\n"
        R"({"event":"step_output","step":"make","line":"y"})"
        "\n"
        R"({"event":"activity_finished","id":1,"outcome":"ok"})"
        "\n"
        R"({"event":"diagnostic","severity":"warning","id":"i","message":"m","file":null,"line":null,)"
        R"("column":null,"end_line":null,"end_column":null,"notes":[],"help":"h"})"
        "\n"
        R"({"event":"note","text":"n"})"
        "\n"
        R"({"event":"warning","text":"w"})"
        "\n"
    );
}

TEST_CASE("json_reporter: progress is a line for each percent", "[support][json_reporter]") {
    const OutputFile file;
    JsonReporter reporter(file.fd(), {});
    for (std::uint64_t i = 0; i < 10000; ++i) {
        reporter.activity_progress(1, i, 10000, "B");
    }
    const auto text = file.text();
    CHECK(std::count(text.begin(), text.end(), '\n') == 100);
}
