// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/diagnostic.hpp"

#include "support/golden.hpp"

#include <catch2/catch.hpp>

using quern::Diagnostic;
using quern::Diagnostics;
using quern::render;
using quern::Severity;
using quern::SourceFile;
using quern::Span;

namespace {

Span find(const SourceFile& file, std::string_view word) {
    const auto begin = file.text().find(word);
    REQUIRE(begin != std::string_view::npos);
    return {.file = &file, .begin = begin, .length = word.size()};
}

std::string render_plain(const Diagnostic& diagnostic, std::size_t width = 100) {
    return render(diagnostic, {.colour = false, .width = width});
}

Diagnostic error_at(Span where) {
    return {
        .severity = Severity::error,
        .id = "bad",
        .message = "bad",
        .where = where,
        .notes = {},
        .help = {}};
}

}  // namespace

TEST_CASE("diagnostic: shows the place, a caret and the help", "[support][diagnostic]") {
    const SourceFile file("examples/hello.yaml", "package:\n\npipeline:\n  - uses: fetchh\n");
    Diagnostic diagnostic = error_at(find(file, "fetchh"));
    diagnostic.id = "unknown-pipeline";
    diagnostic.message = "unknown pipeline 'fetchh'";
    diagnostic.help = "did you mean 'fetch'?";
    CHECK(
        render_plain(diagnostic) ==
        "examples/hello.yaml:4:11: error: unknown pipeline 'fetchh' [unknown-pipeline]\n"
        "    4 |   - uses: fetchh\n"
        "      |           ^~~~~~\n"
        "  help: did you mean 'fetch'?\n"
    );
}

TEST_CASE("diagnostic: notes have their own line and caret", "[support][diagnostic]") {
    const SourceFile file("a.yaml", "name: x\nname: y\n");
    Diagnostic diagnostic = error_at({.file = &file, .begin = 8, .length = 4});
    diagnostic.severity = Severity::warning;
    diagnostic.notes = {
        {.message = "first defined here", .where = {.file = &file, .begin = 0, .length = 4}},
        {.message = "nowhere", .where = {}}};
    CHECK(
        render_plain(diagnostic) ==
        "a.yaml:2:1: warning: bad [bad]\n"
        "    2 | name: y\n"
        "      | ^~~~\n"
        "a.yaml:1:1: note: first defined here\n"
        "    1 | name: x\n"
        "      | ^~~~\n"
        "note: nowhere\n"
    );
}

TEST_CASE("diagnostic: without a file there is only the message", "[support][diagnostic]") {
    CHECK(render_plain(error_at({})) == "error: bad [bad]\n");
}

TEST_CASE("diagnostic: tabs are copied before the caret", "[support][diagnostic]") {
    const SourceFile file("t", "\t x\there");
    CHECK(
        render_plain(error_at(find(file, "here"))) ==
        "t:1:5: error: bad [bad]\n"
        "    1 | \t x\there\n"
        "      | \t  \t^~~~\n"
    );
}

TEST_CASE("diagnostic: control characters are made visible", "[support][diagnostic]") {
    const SourceFile file(
        "t\x1b",
        "a\x1b[31m\xFF"
        "b: c"
    );
    CHECK(
        render_plain(error_at(find(file, "b: c"))) ==
        "t\\x1b:1:8: error: bad [bad]\n"
        "    1 | a\\x1b[31m\\xffb: c\n"
        "      |              ^~~~\n"
    );
}

TEST_CASE("diagnostic: a span ends at its first line", "[support][diagnostic]") {
    const SourceFile file("t", "key: |\n  text\n  more\n");
    CHECK(
        render_plain(error_at({.file = &file, .begin = 5, .length = 100})) ==
        "t:1:6: error: bad [bad]\n"
        "    1 | key: |\n"
        "      |      ^\n"
    );
    CHECK(
        render_plain(error_at({.file = &file, .begin = 999, .length = 3})) ==
        "t:4:1: error: bad [bad]\n"
        "    4 | \n"
        "      | ^\n"
    );
}

TEST_CASE("diagnostic: a caret can be at the end of a line", "[support][diagnostic]") {
    const SourceFile file("t", "key:\nx");
    CHECK(
        render_plain(error_at({.file = &file, .begin = 4, .length = 0})) ==
        "t:1:5: error: bad [bad]\n"
        "    1 | key:\n"
        "      |     ^\n"
    );
    CHECK(
        render_plain(error_at({.file = &file, .begin = 1, .length = 0})) ==
        "t:1:2: error: bad [bad]\n"
        "    1 | key:\n"
        "      |  ^\n"
    );
}

TEST_CASE("diagnostic: long lines are cut around the span", "[support][diagnostic]") {
    const auto place = GENERATE(0U, 30U, 500U, 5000U, 199990U, 199999U);
    CAPTURE(place);
    std::string text(200000, 'x');
    text[place] = '!';
    const SourceFile file("t", text + "\nend");
    const auto rendered = render_plain(error_at({.file = &file, .begin = place, .length = 1}), 60);
    const auto first = rendered.find('\n') + 1;
    const auto second = rendered.find('\n', first) + 1;
    CHECK(second - first - 1 <= 60);
    CHECK(rendered.find("...") != std::string::npos);
    REQUIRE(rendered.find('!') != std::string::npos);
    REQUIRE(rendered.find('^') != std::string::npos);
    CHECK(rendered.find('!') - first == rendered.find('^') - second);
}

TEST_CASE("diagnostic: a span longer than the width is cut too", "[support][diagnostic]") {
    const SourceFile file("t", std::string(300, 'x'));
    const auto rendered = render_plain(error_at({.file = &file, .begin = 0, .length = 300}), 60);
    for (const auto& end : {rendered.find("...\n"), rendered.find("~\n")}) {
        CHECK(end != std::string::npos);
    }
    CHECK(rendered.size() < 160);
}

TEST_CASE("diagnostic: a short line is not cut", "[support][diagnostic]") {
    const SourceFile file("t", std::string(92, 'x'));
    const auto rendered = render_plain(error_at({.file = &file, .begin = 90, .length = 2}));
    CHECK(rendered.find("...") == std::string::npos);
}

TEST_CASE("diagnostic: colour only when asked for", "[support][diagnostic]") {
    const SourceFile file("t", "x");
    const Diagnostic diagnostic = error_at({.file = &file, .begin = 0, .length = 1});
    CHECK(render_plain(diagnostic).find('\x1b') == std::string::npos);
    CHECK(
        render(diagnostic, {.colour = true, .width = 100}).find("\x1b[1;31merror:\x1b[0m") !=
        std::string::npos
    );
}

TEST_CASE("diagnostic: rendered text matches the golden file", "[support][diagnostic]") {
    const SourceFile file(
        "deep/\u00fcber.yaml", "package:\n  name: \u00fc\u00fc b\xC2\x85 # \t!\n"
    );
    Diagnostic diagnostic = error_at(find(file, "b\xC2\x85"));
    diagnostic.help = "first line\nsecond line";
    golden("diagnostics/rendering", render_plain(diagnostic));
}

TEST_CASE("diagnostics: sorted by file, place and severity", "[support][diagnostic]") {
    const SourceFile first("first", "abc");
    const SourceFile second("second", "abc");
    Diagnostics diagnostics;
    diagnostics.error("a", "late", {.file = &second, .begin = 2, .length = 1});
    diagnostics.error("a", "in first", {.file = &first, .begin = 0, .length = 1});
    diagnostics.warning("a", "advice", {.file = &second, .begin = 1, .length = 1});
    diagnostics.error("a", "wrong", {.file = &second, .begin = 1, .length = 1});
    CHECK(diagnostics.error_count() == 3);
    const auto all = diagnostics.take();
    REQUIRE(all.size() == 4);
    CHECK(all[0].message == "wrong");
    CHECK(all[1].message == "advice");
    CHECK(all[2].message == "late");
    CHECK(all[3].message == "in first");
    CHECK(diagnostics.is_empty());
    CHECK_FALSE(diagnostics.has_errors());
}

TEST_CASE("diagnostics: the same message at the same place is kept once", "[support][diagnostic]") {
    const SourceFile file("f", "abc");
    Diagnostics diagnostics;
    for (const std::size_t begin : {0U, 1U, 0U}) {
        diagnostics.error("a", "twice", {.file = &file, .begin = begin, .length = 1});
    }
    CHECK(diagnostics.take().size() == 2);
}

TEST_CASE("diagnostic: JSON has the same fields on one line", "[support][diagnostic]") {
    const SourceFile file("f\"", "ab\ncd\xFF");
    Diagnostic diagnostic = error_at({.file = &file, .begin = 3, .length = 2});
    diagnostic.notes = {{.message = "n", .where = {}}};
    diagnostic.help = "h";
    CHECK(
        quern::render_json(diagnostic) ==
        R"({"severity":"error","id":"bad","message":"bad","file":"f\"","line":2,"column":1,)"
        R"("end_line":2,"end_column":3,"notes":[{"message":"n","file":null,"line":null,)"
        R"("column":null,"end_line":null,"end_column":null}],"help":"h"})"
        "\n"
    );
}

TEST_CASE("diagnostic: of thousands of errors the first are told", "[support][diagnostic]") {
    const SourceFile file("a.yaml", std::string(5000, 'x'));
    Diagnostics diagnostics;
    for (std::size_t i = 0; i < 5000; ++i) {
        diagnostics.error("bad", "bad", {.file = &file, .begin = i, .length = 1});
    }
    CHECK(diagnostics.error_count() == 5000);
    const auto told = diagnostics.take();
    REQUIRE(told.size() == 1001);
    CHECK(told[999].where.begin == 999);
    CHECK(told[1000].message == "over 1000 errors: the rest is not told");
}
