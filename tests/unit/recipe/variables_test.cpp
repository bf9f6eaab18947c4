// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/variables.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using namespace quern::recipe;

namespace {

const Variables known = {{"a", "A"}, {"b.c", "${{a}}"}, {"quote", "it's \"x\"\\"}, {"empty", ""}};

std::string ids_of(Diagnostics& diagnostics) {
    std::string ids;
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        ids += (ids.empty() ? "" : " ") + diagnostic.id;
    }
    return ids;
}

Text text(std::string value) {
    return {std::move(value), {}};
}

std::string replaced(std::string from, std::string match, std::string with) {
    Diagnostics diagnostics;
    VarTransform rule;
    rule.match.value = std::move(match);
    rule.replace.value = std::move(with);
    const auto result = transform(from, rule, diagnostics);
    return result ? *result : ids_of(diagnostics);
}

}  // namespace

TEST_CASE(
    "substitute: white space inside is free and results are not read again", "[recipe][variables]"
) {
    const auto [from, to] = GENERATE(table<std::string, std::string>({
        {"x", "x"},
        {"${{a}}", "A"},
        {"<${{ a }}>", "<A>"},
        {"${{\t\r\n a\n}}", "A"},
        {"${{a}}${{a}}", "AA"},
        {"${{b.c}}", "${{a}}"},
        {"${{empty}}", ""},
        {"$ ${ ${x} {{ }} $${{a}}", "$ ${ ${x} {{ }} $A"},
    }));
    CAPTURE(from);
    Diagnostics diagnostics;
    CHECK(substitute(text(from), known, diagnostics) == to);
    CHECK(diagnostics.is_empty());
}

TEST_CASE("substitute: every wrong reference is reported", "[recipe][variables]") {
    const auto [from, ids] = GENERATE(table<std::string, std::string>({
        {"${{no}}", "unknown-variable"},
        {"${{no}} ${{a}} ${{nor}}", "unknown-variable unknown-variable"},
        {"${{}}", "bad-variable-reference"},
        {"${{ a", "bad-variable-reference"},
        {"${{a}", "bad-variable-reference"},
        {"${{a b}}", "bad-variable-reference"},
        {"${{", "bad-variable-reference"},
        {"${{ ${{a}}", "bad-variable-reference"},
    }));
    CAPTURE(from);
    Diagnostics diagnostics;
    CHECK(!substitute(text(from), known, diagnostics));
    CHECK(ids_of(diagnostics) == ids);
}

TEST_CASE("replace_exactly: only the exact spelling counts", "[recipe][variables]") {
    CHECK(
        replace_exactly("${{a}} ${{ a }} ${{no}} ${{b.c}} ${{", known) ==
        "A ${{ a }} ${{no}} ${{a}} ${{"
    );
    CHECK(replace_exactly("${{${{a}}", known) == "${{A");
}

TEST_CASE("replace_in_condition: values outside of quotes are quoted", "[recipe][variables]") {
    CHECK(replace_in_condition("${{a}} == 'A'", known) == "\"A\" == 'A'");
    CHECK(replace_in_condition("'${{a}}' == \"${{a}}\"", known) == "'A' == \"A\"");
    CHECK(
        replace_in_condition("${{quote}} == 'it\\'s ${{a}}'", known) ==
        "\"it's \\\"x\\\"\\\\\" == 'it\\'s A'"
    );
    CHECK(
        replace_in_condition("${{build.arch}} != ${{ a }}", known) == "${{build.arch}} != ${{ a }}"
    );
}

TEST_CASE("transform: replacements expand as in Go", "[recipe][variables]") {
    const auto [from, match, with, to] =
        GENERATE(table<const char*, const char*, const char*, const char*>({
            {"1.2.3", R"(\.(\d+)$)", "+$1", "1.2+3"},
            {"1.3.6.8", R"(^(\d+\.\d+\.\d+).(\d+).*)", "${1}_${2}", "1.3.6_8"},
            {"1.3.6.8", R"(^(\d+\.\d+\.\d+).(\d+).*)", "$1_$2", "8"},
            {"a", "a", "$$1 $$", "$1 $"},
            {"ab", "b", "x$", "ax$"},
            {"ab", "(b)", "${1", "a${1"},
            {"ab", "(b)", "${{v}}", "a${{v}}"},
            {"abc", "(b)", "<$7$01>", "a<>c"},
            {"abxc", "x*", "-", "-a-b-c-"},
            {"foo bar", R"(\b)", "|", "|foo| |bar|"},
            {"aaa", "^a", "b", "baa"},
            {"1.2.3", R"(^(?P<major>\d+)\.(?P<minor>\d+).*)", "${minor}-$major", "2-1"},
            {"1.2", R"((?<x>\d)\.[(?<])", "${x}", "1.2"},
            {"12", R"((?<x>\d)2)", "${x}", "1"},
            {"\xC3\xBC\xC3\xBC", "", "-", "-\xC3\xBC-\xC3\xBC-"},
            {"ac", "a(b)?c", "[$1]", "[]"},
        }));
    CAPTURE(from, match, with);
    CHECK(replaced(from, match, with) == to);
}

TEST_CASE("transform: wrong and costly expressions are refused", "[recipe][variables]") {
    CHECK(replaced("a", "(a", "b") == "bad-transform");
    CHECK(replaced("a", R"((a)\1)", "b") == "bad-transform");
    CHECK(replaced("a", "(a{1000}){1000}", "b") == "bad-transform");
    CHECK(replaced(std::string(100'000, 'a'), "a.*z|a", "b") == "transform-limit");
    CHECK(replaced(std::string(2'000, 'a'), "a", std::string(1'000, 'b')) == "transform-limit");
}

TEST_CASE("substitute: texts full of openings take linear time", "[recipe][variables]") {
    std::string text_of_openings;
    for (int i = 0; i < 300'000; ++i) {
        text_of_openings += "${{";
    }
    CHECK(find_references(text_of_openings).size() == 300'000);
    CHECK(replace_exactly(text_of_openings, known) == text_of_openings);
    Diagnostics diagnostics;
    CHECK(!substitute(text(text_of_openings), known, diagnostics));
    CHECK(diagnostics.error_count() == 50);
}
