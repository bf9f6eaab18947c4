// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/spdx_expression.hpp"

#include "package/spdx_list.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace quern::package {
namespace {

std::string normal(std::string_view text) {
    const SpdxParse parse = parse_spdx_expression(text);
    return parse.expression ? to_string(*parse.expression) : std::string("-");
}

/// "4+5 GPL-9": where each problem is, and the text there.
std::vector<std::string> places(const std::string& text) {
    std::vector<std::string> found;
    for (const SpdxProblem& problem : parse_spdx_expression(text).problems) {
        found.push_back(
            std::to_string(problem.offset) + " " + text.substr(problem.offset, problem.length)
        );
    }
    return found;
}

std::string help_for(std::string_view text) {
    const SpdxParse parse = parse_spdx_expression(text);
    return parse.problems.empty() ? std::string() : parse.problems.front().help;
}

}  // namespace

TEST_CASE("spdx expression: texts are read and written again", "[package][spdx_expression]") {
    const auto [text, written] = GENERATE(table<const char*, const char*>({
        {"MIT", "MIT"},
        {"mit", "MIT"},
        {"  MIT  ", "MIT"},
        {"gpl-2.0-ONLY with classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
        {"(MIT OR Apache-2.0) AND Zlib", "(MIT OR Apache-2.0) AND Zlib"},
        {"MIT OR Apache-2.0 AND Zlib", "MIT OR Apache-2.0 AND Zlib"},
        {"MIT OR (Apache-2.0 AND Zlib)", "MIT OR Apache-2.0 AND Zlib"},
        {"((MIT)) and (Zlib and (ISC))", "MIT AND Zlib AND ISC"},
        {"GPL-2.0+", "GPL-2.0+"},
        {"Apache-2.0+", "Apache-2.0+"},
        {"LicenseRef-Own", "LicenseRef-Own"},
        {"DocumentRef-other:LicenseRef-Own", "DocumentRef-other:LicenseRef-Own"},
    }));
    CAPTURE(text);
    CHECK(normal(text) == written);
    CHECK(normal(written) == written);
    CHECK(parse_spdx_expression(text).expression == parse_spdx_expression(written).expression);
}

TEST_CASE("spdx expression: the tree has what the text says", "[package][spdx_expression]") {
    const auto tree =
        parse_spdx_expression("MIT OR GPL-2.0-only WITH GCC-exception-3.1 AND Apache-1.1+")
            .expression;
    REQUIRE(tree);
    CHECK(tree->kind == SpdxExpression::Kind::any_of);
    REQUIRE(tree->parts.size() == 2);
    CHECK(tree->parts[0].license.id == "MIT");
    REQUIRE(tree->parts[1].parts.size() == 2);
    CHECK(tree->parts[1].kind == SpdxExpression::Kind::all_of);
    CHECK(tree->parts[1].parts[0].license.exception == "GCC-exception-3.1");
    CHECK(tree->parts[1].parts[1].license.or_later);
    CHECK(licenses_of(*tree).size() == 3);
}

TEST_CASE("spdx expression: all unknown names are told at once", "[package][spdx_expression]") {
    CHECK(
        places("MIT AND GPL-9 OR (Zlibb WITH nothing)") ==
        std::vector<std::string>{"8 GPL-9", "18 Zlibb", "29 nothing"}
    );
}

TEST_CASE("spdx expression: mistakes of the grammar have a place", "[package][spdx_expression]") {
    const auto [text, place] = GENERATE(table<const char*, const char*>({
        {"", "0 "},
        {"MIT AND", "7 "},
        {"AND MIT", "0 AND"},
        {"MIT AND OR ISC", "8 OR"},
        {"(MIT", "0 ("},
        {"MIT)", "3 )"},
        {"()", "1 )"},
        {"(MIT ISC)", "5 ISC"},
        {"MIT ISC", "4 ISC"},
        {"MIT WITH", "8 "},
        {"MIT WITH (ISC)", "9 ("},
        {"MIT WITH MIT", "9 MIT"},
        {"LicenseRef-", "0 LicenseRef-"},
        {"DocumentRef-a", "0 DocumentRef-a"},
        {"MIT And ISC", "4 And"},
        {"GPL-2.0-only +", "13 +"},
    }));
    CAPTURE(text);
    CHECK(places(text) == std::vector<std::string>{place});
}

TEST_CASE("spdx expression: what was meant is told", "[package][spdx_expression]") {
    CHECK(help_for("Zlibb") == "did you mean 'Zlib'?");
    CHECK(help_for("Apache License, Version 2.0") == "did you mean 'Apache-2.0'?");
    CHECK(help_for("MIT AND GPLv2+") == "did you mean 'GPL-2.0-or-later'?");
    CHECK(help_for("MIT WITH LLVM-exceptions") == "did you mean 'LLVM-exception'?");
    CHECK(help_for("LLVM-exception") == "this is an exception: it stands behind WITH");
    CHECK(help_for("MIT/Zlib") == "join licences with AND or OR");
    CHECK(help_for("LicenseRef-a_b").find("LicenseRef-NAME") != std::string::npos);
}

TEST_CASE("spdx expression: depth and length are bounded", "[package][spdx_expression]") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "MIT" + std::string(depth, ')');
    };
    CHECK(normal(nested(100)) == "MIT");
    CHECK(normal(nested(101)) == "-");
    CHECK(normal(nested(30'000)) == "-");
    std::string list = "MIT";
    while (list.size() < 60'000) {
        list += " OR MIT";
    }
    CHECK(parse_spdx_expression(list).expression.has_value());
    CHECK(normal(std::string(largest_spdx_expression + 1, ' ') + "MIT") == "-");
    CHECK(parse_spdx_expression(list + " OR " + std::string(2'000, 'x')).problems.size() == 1);
    std::string unknown = "x";
    while (unknown.size() < 60'000) {
        unknown += " OR x";
    }
    CHECK(parse_spdx_expression(unknown).problems.size() == 20);
}

TEST_CASE("spdx expression: the lists are sorted and have no name twice", "[package][spdx_list]") {
    for (const auto list : {listed_licenses(), listed_exceptions()}) {
        CHECK(std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end());
    }
    CHECK(listed_license("apache-2.0") == "Apache-2.0");
    CHECK(listed_license("llvm-exception").empty());
    CHECK(listed_exception("llvm-EXCEPTION") == "LLVM-exception");
    // Of the versions behind 3.19, which recipes of today name.
    for (const char* id : {"any-OSI", "BSD-3-Clause-HP", "HPND-UC", "Unicode-3.0", "CC-PDM-1.0"}) {
        CHECK(listed_license(id) == id);
    }
    CHECK(listed_exception("PCRE2-exception") == "PCRE2-exception");
}

TEST_CASE("spdx expression: deprecated names are told with what to write", "[package][spdx_list]") {
    for (const std::string_view id : listed_licenses()) {
        CAPTURE(id);
        CHECK((is_deprecated_license(id) || successors_of(id).empty()));
        for (const std::string& successor : successors_of(id)) {
            const auto parsed = parse_spdx_expression(successor);
            CHECK((parsed.expression && parsed.deprecated.empty()));
        }
    }
    const auto parsed = parse_spdx_expression("MIT OR gpl-2.0 OR LGPL-2.1+ OR Net-SNMP");
    REQUIRE(parsed.expression);
    REQUIRE(parsed.deprecated.size() == 3);
    CHECK(parsed.deprecated[0].offset == 7);
    CHECK(parsed.deprecated[0].message == "'GPL-2.0' is deprecated by SPDX");
    CHECK(parsed.deprecated[0].help == "write 'GPL-2.0-only' or 'GPL-2.0-or-later'");
    CHECK(parsed.deprecated[1].help == "write 'LGPL-2.1-or-later'");
    CHECK(parsed.deprecated[2].help.empty());
}

}  // namespace quern::package
