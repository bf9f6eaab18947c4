// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/env_file.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using namespace quern::recipe;

namespace {

std::optional<TextMap> parse(const std::string& text) {
    const SourceFile file("t.env", text);
    Diagnostics diagnostics;
    auto values = parse_env_file(file, diagnostics);
    CHECK(values.has_value() == !diagnostics.has_errors());
    return values;
}

}  // namespace

TEST_CASE("env_file: every form of an assignment", "[recipe][env_file]") {
    const auto [line, value] = GENERATE(table<std::string, std::string>({
        {"K=1", "1"},
        {"export K=1", "1"},
        {"  K = spaced ", "spaced"},
        {"K: colon", "colon"},
        {"K='single $A'", "single $A"},
        {"K=\"double\\nline $A\"", "double\nline a"},
        {"K=\"over\ntwo\"", "over\ntwo"},
        {"K=\"quo\\\"te\\$A\"", "quo\"te$A"},
        {"K=tail # comment", "tail"},
        {"K=a#b", "a#b"},
        {"K=", ""},
        {"K=#c", ""},
        {"K=${A}x$A$none.", "axa."},
        {"K=${{vars.x}} $ ${", "${{vars.x}} $ ${"},
        {"K=1\r\nL=2\r\n", "1"},
        {"K=1\nK=2", "2"},
    }));
    CAPTURE(line);
    const auto values = parse("# first\n\nA=a\n" + line);
    REQUIRE(values);
    CHECK(values->at("K").value == value);
}

TEST_CASE("env_file: other lines are refused", "[recipe][env_file]") {
    const std::string text = GENERATE(
        "what is this", "=x", "K", "K='open", "K=\"open", "K\nL=1", "\xFF=1", "export", "K x=1"
    );
    CAPTURE(text);
    CHECK(!parse(text));
}

TEST_CASE("env_file: values that grow are bounded", "[recipe][env_file]") {
    std::string text = "A0=xxxxxxxxxxxxxxxx\n";
    for (int i = 1; i < 40; ++i) {
        const std::string last = "${A" + std::to_string(i - 1) + "}";
        text += "A" + std::to_string(i) + "=" + last + last + "\n";
    }
    CHECK(!parse(text));
}
