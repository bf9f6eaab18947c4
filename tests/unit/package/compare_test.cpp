// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/compare.hpp"

#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace quern;
using namespace quern::package;
using namespace quern::test;

namespace {

const std::vector<std::string> folders = {"var", "var/lib", "var/lib/db", "var/lib/db/sbom"};

/// A package with these files, below folders for documents, and further lines of .PKGINFO.
ComparedPackage package_with(const std::vector<TarPart>& files, const std::string& lines = {}) {
    RawPackage raw;
    raw.data_parts.clear();
    for (const std::string& folder : folders) {
        raw.data_parts.push_back(directory(folder));
    }
    raw.data_parts.insert(raw.data_parts.end(), files.begin(), files.end());
    raw.info += lines;
    const auto opened = open_bytes(raw.bytes());
    REQUIRE(opened);
    auto compared = read_compared(*opened);
    REQUIRE(compared);
    return std::move(*compared);
}

TarPart document(const std::string& name, const std::string& content) {
    return file("var/lib/db/sbom/" + name, content);
}

std::vector<std::string> subjects(const std::vector<Change>& changes) {
    std::vector<std::string> list;
    for (const Change& change : changes) {
        list.push_back(change.subject);
    }
    return list;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "compare: documents too large to be compared by lines count as changed", "[package][compare]"
) {
    const std::string large((std::size_t{16} << 20U) + 1, ' ');
    std::string other = large;
    other.back() = '\n';
    const auto before = package_with({document("a.json", large)});
    CHECK(compare(before, before).is_empty());
    const Comparison comparison = compare(before, package_with({document("a.json", other)}));
    REQUIRE(subjects(comparison.documents) == Texts{"a.json"});
    CHECK_THAT(comparison.documents[0].before, Catch::StartsWith("not compared by lines: file"));
    CHECK_THAT(to_text(comparison), Catch::Contains("+not compared by lines: file"));
}

TEST_CASE("compare: of many documents the first are compared by lines", "[package][compare]") {
    const std::string large(std::size_t{15} << 20U, ' ');
    const auto before =
        package_with({document("a", large), document("b", large), document("c", large)});
    const auto after =
        package_with({document("a", large), document("b", large), document("c", large + "x")});
    CHECK(subjects(compare(before, after).documents) == Texts{"c"});
    CHECK(before.texts.at("b") == large);
    CHECK(before.texts.at("c").size() < 200);
}

TEST_CASE(
    "compare: documents whose names are alike but for the version are two", "[package][compare]"
) {
    const auto with = [](const std::string& first) {
        const std::string version =
            RawPackage().info.substr(RawPackage().info.find("pkgver = ") + 9);
        const std::string suffix = "-" + version.substr(0, version.find('\n')) + ".spdx.json";
        return package_with({document("a", first), document("a" + suffix, "second")});
    };
    CHECK(with("first").texts.size() == 2);
    CHECK(subjects(compare(with("first"), with("other")).documents) == Texts{"a"});
}

TEST_CASE("compare: values of attributes and install_if count", "[package][compare]") {
    TarPart tool = file("tool", "x");
    tool.first.records.emplace_back("SCHILY.xattr.security.capability", "one");
    TarPart other = file("tool", "x");
    other.first.records.emplace_back("SCHILY.xattr.security.capability", "two");
    const auto before = package_with({tool});
    CHECK(subjects(compare(before, package_with({other})).files) == Texts{"tool"});
    CHECK(
        subjects(compare(before, package_with({tool}, "install_if = b c=1\n")).relations) ==
        Texts{"install_if", "install_if"}
    );
}
