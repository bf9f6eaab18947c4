// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::package {

TEST_CASE("license: expressions over the SPDX list are known", "[package][license]") {
    const auto* text = GENERATE(
        "MIT",
        "mit",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "(MIT OR Apache-2.0) AND Zlib",
        "GPL-2.0+",
        "LicenseRef-Own",
        "DocumentRef-other:LicenseRef-Own"
    );
    CAPTURE(text);
    CHECK(is_spdx_expression(text));
}

TEST_CASE("license: everything else is not", "[package][license]") {
    const auto* text = GENERATE(
        "",
        "Loom Licence v2!",
        "MIT AND",
        "AND MIT",
        "(MIT",
        "MIT)",
        "MIT WITH MIT",
        "MIT Zlib",
        "GPL-9",
        "LicenseRef-"
    );
    CAPTURE(text);
    CHECK_FALSE(is_spdx_expression(text));
}

TEST_CASE("license: nesting is bounded", "[package][license]") {
    CHECK_FALSE(is_spdx_expression(std::string(100'000, '(') + "MIT" + std::string(100'000, ')')));
}

TEST_CASE(
    "license: a name off the list becomes a reference with what is known of its text",
    "[package][license]"
) {
    const auto summary = summarize_licenses(
        {{"MIT", {}, false}, {"My Custom_License v2!", {}, false}, {"Own terms", "Text.\n", true}}
    );
    CHECK(summary.expression == "MIT AND LicenseRef-My-Custom-License-v2 AND LicenseRef-Own-terms");
    REQUIRE(summary.extracted.size() == 2);
    CHECK(summary.extracted[0].text == "Non-SPDX License: My Custom_License v2!");
    CHECK(summary.extracted[1].text == "Text.\n");
    CHECK(summary.warnings.size() == 1);
}

TEST_CASE("license: none at all asserts nothing", "[package][license]") {
    CHECK(summarize_licenses({}).expression == "NOASSERTION");
}

}  // namespace quern::package
