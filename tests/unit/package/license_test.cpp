// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::package {

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

TEST_CASE("license: alternatives stay together beside other entries", "[package][license]") {
    const LicenseEntry either{"MIT OR Apache-2.0", "", false};
    CHECK(summarize_licenses({either}).expression == "MIT OR Apache-2.0");
    const auto summary = summarize_licenses({either, {"Zlib", "", false}});
    CHECK(summary.expression == "(MIT OR Apache-2.0) AND Zlib");
}

TEST_CASE("license: each reference has one text", "[package][license]") {
    const auto summary = summarize_licenses(
        {{"MIT AND LicenseRef-a", "", false},
         {"LicenseRef-a", "The text.\n", true},
         {"LicenseRef-b OR LicenseRef-c", "", false},
         {"DocumentRef-other:LicenseRef-d", "", false}}
    );
    REQUIRE(summary.extracted.size() == 3);
    CHECK(summary.extracted[0].id == "LicenseRef-a");
    CHECK(summary.extracted[0].text == "The text.\n");
    CHECK(summary.extracted[1].id == "LicenseRef-b");
    CHECK(summary.extracted[2].id == "LicenseRef-c");
}

TEST_CASE("license: none at all asserts nothing", "[package][license]") {
    CHECK(summarize_licenses({}).expression == "NOASSERTION");
}

}  // namespace quern::package
