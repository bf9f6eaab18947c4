// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/settle.hpp"

#include <catch2/catch.hpp>

using quern::Diagnostics;
using quern::pipeline::settle_condition;
using quern::recipe::Text;
using quern::recipe::Variables;

namespace {

const Variables variables = {{"a", "x"}, {"q", "say \"hi\"\n\\"}};

}  // namespace

TEST_CASE("condition: variables become quoted texts", "[pipeline][settle]") {
    struct Row {
        std::string text;
        bool holds;
        std::string settled;
    };
    const auto row = GENERATE(values<Row>({
        {"", true, ""},
        {"'a' == 'a'", true, "'a' == 'a'"},
        {"${{a}} == 'x'", true, "\"x\" == 'x'"},
        {"( ${{ a }} != 'x' ) || ${{a}} == ${{ a }}", true, "( \"x\" != 'x' ) || \"x\" == \"x\""},
        {"${{q}} == ''", false, "\"say \\\"hi\\\"\\n\\\\\" == ''"},
    }));
    CAPTURE(row.text);
    Text text{row.text, {}};
    Diagnostics diagnostics;
    CHECK(settle_condition(text, variables, diagnostics) == row.holds);
    CHECK(text.value == row.settled);
    CHECK(diagnostics.is_empty());
    // Settled once is settled for good.
    CHECK(settle_condition(text, {}, diagnostics) == row.holds);
}

TEST_CASE("condition: a variable between quotes is compared with its own", "[pipeline][settle]") {
    Text text{"'${{a}}' == 'x'", {}};
    Diagnostics diagnostics;
    CHECK(settle_condition(text, variables, diagnostics) == false);
    CHECK(text.value == "'\"x\"' == 'x'");
    const auto found = diagnostics.take();
    REQUIRE(found.size() == 1);
    CHECK(found[0].id == "quoted-variable");
    CHECK(found[0].severity == quern::Severity::warning);
}

TEST_CASE("condition: unknown variables are errors, quoted or not", "[pipeline][settle]") {
    const auto value = GENERATE(as<std::string>{}, "${{b}} == 'x'", "'${{b}}' == 'x'");
    Text text{value, {}};
    Diagnostics diagnostics;
    CHECK(!settle_condition(text, variables, diagnostics));
    CHECK(diagnostics.has_errors());
}
