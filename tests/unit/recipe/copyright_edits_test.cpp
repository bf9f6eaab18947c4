// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/copyright_edits.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quern::recipe {
namespace {

Result<std::string> edit(const std::string& text, const std::vector<CopyrightEdit>& wanted) {
    return edit_copyright(std::make_shared<const SourceFile>("hello.yaml", text), wanted);
}

const CopyrightEdit stays{0, "MIT", ""};
const CopyrightEdit changed{0, "ISC", ""};
const CopyrightEdit added{{}, "Zlib", "doc/LICENSE"};

}  // namespace

TEST_CASE("copyright edits: only the bytes of a licence change", "[recipe][copyright_edits]") {
    const auto [before, after] = GENERATE(table<const char*, const char*>({
        {"package:\n  copyright:\n    - license: MIT  # why\n      paths: [a]\n\n  name: x\n",
         "package:\n  copyright:\n    - license: ISC  # why\n      paths: [a]\n\n  name: x\n"},
        {"package: {copyright: [{paths: [a], license: 'MIT'}]}",
         "package: {copyright: [{paths: [a], license: 'ISC'}]}"},
        {"package:\n  copyright:\n  - {license: \"MIT\"}\n",
         "package:\n  copyright:\n  - {license: \"ISC\"}\n"},
    }));
    CHECK(*edit(before, {changed}) == after);
    CHECK(*edit(before, {stays}) == before);
}

TEST_CASE("copyright edits: entries come and go", "[recipe][copyright_edits]") {
    const std::string two =
        "package:\n  copyright:\n    - license: MIT\n      paths:\n        - a\n    - license: "
        "ISC\n"
        "  epoch: 0\n";
    CHECK(
        *edit(two, {{1, "ISC", ""}, added}) ==
        "package:\n  copyright:\n    - license: ISC\n    - license: Zlib\n"
        "      license-path: doc/LICENSE\n  epoch: 0\n"
    );
    CHECK(
        *edit(two, {added}) ==
        "package:\n  copyright:\n    - license: Zlib\n      license-path: doc/LICENSE\n  epoch: 0\n"
    );
    CHECK(
        *edit("package: {copyright: [{license: MIT, }]}", {stays, added}) ==
        "package: {copyright: [{license: MIT, }, {license: Zlib, license-path: \"doc/LICENSE\"}]}"
    );
    CHECK(
        *edit("package:\r\n  name: x\r\n  epoch: 0 # none\r\n  url: y\r\n", {added}) ==
        "package:\r\n  name: x\r\n  epoch: 0 # none\r\n  copyright:\r\n    - license: Zlib\r\n"
        "      license-path: doc/LICENSE\r\n  url: y\r\n"
    );
}

TEST_CASE("copyright edits: odd names of files are quoted", "[recipe][copyright_edits]") {
    const auto text = edit("package:\n  name: x\n", {{{}, "MIT", "a: \"b\" #c"}});
    REQUIRE(text);
    CHECK(text->find("license-path: \"a: \\\"b\\\" #c\"\n") != std::string::npos);
    CHECK_FALSE(edit("package:\n  name: x\n", {{{}, "MIT", "a\nb"}}));
}

TEST_CASE(
    "copyright edits: what cannot be edited is refused with advice", "[recipe][copyright_edits]"
) {
    const auto* text = GENERATE(
        "package: {name: x}",
        "package:\n  copyright: []\n",
        "package:\n  copyright: MIT\n",
        "package: {copyright: [{license: MIT}, {license: ISC}]}",
        "package:\n  copyright:\n    - license: |\n        MIT\n",
        "x: &a {license: MIT}\npackage:\n  copyright:\n    - license: Zlib\n    - *a\n"
    );
    CAPTURE(text);
    const auto edited = edit(text, {changed, added});
    REQUIRE_FALSE(edited);
    CHECK(edited.error().code() == ErrorCode::unsupported);
    CHECK(edited.error().help().find("license: Zlib") != std::string::npos);
}

}  // namespace quern::recipe
