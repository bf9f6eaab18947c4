// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/terminal_reporter.hpp"

#include "output_file.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using namespace quern;
using namespace std::chrono_literals;

namespace {

struct Screen {
    OutputFile file;
    std::chrono::steady_clock::time_point now{1h};
    TerminalReporter make(const ReporterOptions& options) {
        return {file.fd(), options, [this] { return now; }};
    }
};

}  // namespace

TEST_CASE(
    "terminal_reporter: one status line, one line when done", "[support][terminal_reporter]"
) {
    Screen screen;
    {
        auto reporter = screen.make({});
        reporter.activity_started(1, 0, "building hello");
        screen.now += 60ms;
        reporter.activity_started(2, 1, "fetching");
        screen.now += 60ms;
        reporter.activity_progress(2, 1U << 20U, 4U << 20U, "B");
        screen.now += 60ms;
        reporter.activity_finished(2, "");
        reporter.activity_finished(1, "2 packages");
    }
    CHECK(
        screen.file.text() ==
        "\r\x1b[Kbuilding hello"
        "\r\x1b[Kbuilding hello > fetching"
        "\r\x1b[Kbuilding hello > fetching  25% 1.0/4.0 MiB"
        "\r\x1b[Kbuilding hello"
        "\r\x1b[Kbuilding hello: 2 packages\n"
    );
}

TEST_CASE("terminal_reporter: draws at most every 50 ms", "[support][terminal_reporter]") {
    Screen screen;
    auto reporter = screen.make({});
    reporter.activity_started(1, 0, "x");
    const auto before = screen.file.text();
    for (std::uint64_t i = 0; i < 100; ++i) {
        reporter.activity_progress(1, i, 100, "files");
    }
    CHECK(screen.file.text() == before);
    screen.now += 50ms;
    reporter.activity_progress(1, 100, 100, "files");
    CHECK(screen.file.text() == before + "\r\x1b[Kx  100% 100/100 files");
}

TEST_CASE("terminal_reporter: lines go above the status line", "[support][terminal_reporter]") {
    Screen screen;
    {
        auto reporter = screen.make({.width = 12});
        reporter.activity_started(1, 0, "a long\x1b[2J title");
        reporter.warning("odd");
        reporter.note("wrote x");
        reporter.step_output("make", "hidden\n");
    }
    CHECK(
        screen.file.text() ==
        "\r\x1b[Ka lo...itle"
        "\r\x1b[Kwarning: odd\na lo...itle"
        "\r\x1b[Kwrote x\na lo...itle"
        "\r\x1b[K"
    );
}

TEST_CASE("terminal_reporter: step output when verbose", "[support][terminal_reporter]") {
    Screen screen;
    {
        auto reporter = screen.make({.verbose = true});
        reporter.step_output("make", "one\x1b[2J\ntw");
        reporter.step_output("make", "o");
    }
    CHECK(screen.file.text() == "[make] one\n[make] two\n");
}

TEST_CASE("terminal_reporter: quiet leaves what is wrong", "[support][terminal_reporter]") {
    Screen screen;
    auto reporter = screen.make({.quiet = true});
    reporter.activity_started(1, 0, "x");
    reporter.note("n");
    reporter.activity_finished(1, "y");
    reporter.diagnostic(
        {.severity = Severity::error,
         .id = "i",
         .message = "m",
         .where = {},
         .notes = {},
         .help = {}}
    );
    CHECK(screen.file.text() == "error: m [i]\n");
}

TEST_CASE("terminal_reporter: may be used by many threads", "[support][terminal_reporter]") {
    OutputFile file;
    {
        TerminalReporter reporter(file.fd(), {});
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int j = 0; j < 200; ++j) {
                    Activity activity(reporter, "work");
                    activity.progress(1, 2, "things");
                }
            });
        }
    }
    const auto text = file.text();
    std::size_t count = 0;
    for (auto at = text.find("work: failed\n"); at != std::string::npos; ++count) {
        at = text.find("work: failed\n", at + 1);
    }
    CHECK(count == 800);
}
