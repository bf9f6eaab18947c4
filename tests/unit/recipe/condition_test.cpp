// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/condition.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using namespace quern::recipe;

namespace {

const Variables known = {{"build.arch", "x86_64"}, {"evil", "' == 'a' || 'b"}};

std::optional<bool> value_of(const std::string& condition) {
    Diagnostics diagnostics;
    const auto value = evaluate({condition, {}}, known, diagnostics);
    CHECK(value.has_value() == !diagnostics.has_errors());
    return value;
}

std::string problem_of(const std::string& condition) {
    Diagnostics diagnostics;
    CHECK(!evaluate({condition, {}}, known, diagnostics));
    const auto all = diagnostics.take();
    return all.empty() ? "" : all.front().id;
}

}  // namespace

TEST_CASE("condition: truth", "[recipe][condition]") {
    const std::string condition = GENERATE(
        "",
        "  \n",
        "'a' == 'a'",
        "'a'=='a'",
        "  'a'\n==\t'a'\r\n",
        "'a' != 'b'",
        "('a' == 'b' && 'c' == 'c') || 'd' == 'd'",
        R"('it\'s' == "it's")",
        R"("x\qy" == 'x\qy')",
        R"('a\tb\n\\' == "a	b
\\")",
        "${{build.arch}} == 'x86_64'",
        "${{ build.arch\t}} == ${{build.arch}}",
        "((('a' == 'a')))",
        "'${{build.arch}}' != 'x86_64'",
        "'x' == 'x' || 'a' == 'b' || 'a' == 'b'"
    );
    CAPTURE(condition);
    CHECK(value_of(condition) == true);
}

TEST_CASE("condition: the operators bind alike, from the left", "[recipe][condition]") {
    CHECK(value_of("'a' == 'a' || 'b' == 'b' && 'c' == 'd'") == false);
    CHECK(value_of("'a' == 'b' && 'a' == 'b' || 'a' == 'a'") == true);
    CHECK(value_of("'a' == 'a' || ('b' == 'b' && 'c' == 'd')") == true);
}

TEST_CASE("condition: a variable's value is compared, not parsed", "[recipe][condition]") {
    CHECK(value_of("${{evil}} == 'a'") == false);
}

TEST_CASE("condition: wrong texts are refused", "[recipe][condition]") {
    const std::string condition = GENERATE(
        "true",
        "'true'",
        "1 == 1",
        "'a' = 'a'",
        "'a' < 'b'",
        "!('a' == 'a')",
        "'a' == 'b' && junk",
        "'a' == 'a' 'b'",
        "('a' == 'a'",
        "'a' == 'a')",
        "'a' == ",
        "'a",
        "'a\\'",
        "hello == 'hello'",
        "'a' == 'a' &&",
        "&& 'a' == 'a'",
        "${{}} == 'a'",
        "${{build.arch == 'a'",
        "()",
        "'a' == 'b' & 'a' == 'b'"
    );
    CAPTURE(condition);
    CHECK(problem_of(condition) == "bad-condition");
    Diagnostics diagnostics;
    CHECK(!check_condition({condition, {}}, diagnostics));
}

TEST_CASE("condition: unknown variables matter to evaluation only", "[recipe][condition]") {
    CHECK(problem_of("${{nope}} == 'a'") == "unknown-variable");
    CHECK(problem_of("'a' == 'a' || ${{nope}} == 'a'") == "unknown-variable");
    Diagnostics diagnostics;
    CHECK(check_condition({"${{nope}} == 'a'", {}}, diagnostics));
}

TEST_CASE("condition: parentheses are bounded", "[recipe][condition]") {
    CHECK(problem_of(std::string(200'000, '(')) == "bad-condition");
    CHECK(value_of(std::string(99, '(') + "'a' == 'a'" + std::string(99, ')')) == true);
}
