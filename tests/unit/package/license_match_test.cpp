// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license/match.hpp"
#include "package/license/references.hpp"
#include "package/license/words.hpp"
#include "support/file_reader.hpp"
#include "support/source_root.hpp"
#include "support/text.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace quern::package {
namespace {

std::string text_of(const std::string& name) {
    return *DiskFileReader().read(source_root() / "tests/unit/package/licenses" / (name + ".txt"));
}

/// "MIT 1.00, ISC 0.98".
std::string found_in(const std::string& text) {
    std::string found;
    for (const LicenseMatch& match : match_licenses(text)) {
        found += (found.empty() ? "" : ", ") + match.id + " " + confidence_text(match.confidence);
    }
    return found;
}

std::vector<std::uint16_t> codes_of(std::string_view text) {
    std::vector<std::uint16_t> codes;
    for (const LicenseWord& word : license_words(text)) {
        codes.push_back(word.code);
    }
    return codes;
}

std::string each_line(const std::string& text, const std::string& front, const std::string& end) {
    return front + replace_all(text, "\n", end + "\n" + front);
}

}  // namespace

TEST_CASE("license match: what the guidelines ignore makes no word", "[package][license]") {
    const auto [one, other] = GENERATE(table<const char*, const char*>({
        {"The Licence, holders", "the license OWNERS"},
        {"a sub-license", "a sublicense"},
        {"non-commercial use", "noncommercial use"},
        {"``as is''",
         "\xE2\x80\x9C"
         "as is\xE2\x80\x9D"},
        {"the licensee's", "the licensee\xE2\x80\x99s"},
        {"https://example.org", "http://example.org"},
        {"1. first\n2) second\n(a) third\niv. fourth", "first second third fourth"},
        {" * first\n// second\n# third\ndnl fourth", "first second third fourth"},
        {"Copyright (c) 2020 A. Miller\nfirst", "first"},
        {"\xC2\xA9 2020 A. Miller\nAll rights reserved.\nfirst", "first"},
        {"first\r\nsecond\rthird", "first second third"},
    }));
    CAPTURE(one);
    CHECK(codes_of(one) == codes_of(other));
}

TEST_CASE("license match: what a text says stays", "[package][license]") {
    CHECK(codes_of("copyright notice and this").size() == 4);
    CHECK(codes_of("version 2.1 of it").size() == 5);
    CHECK(codes_of("not commercial").size() == 2);
    CHECK(codes_of("allowed") != codes_of("not allowed"));
}

TEST_CASE("license match: a text is found as it is", "[package][license]") {
    const auto* name =
        GENERATE("MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "LGPL-2.1-or-later");
    CAPTURE(name);
    const std::string text = text_of(name);
    const std::string expected = std::string(name) + " 1.00";
    CHECK(found_in(text) == expected);
    CHECK(
        found_in("Demo\n\nCopyright 2020 A. Miller\n\n" + text + "\nThanks to all.\n") == expected
    );
    CHECK(found_in("/*\n" + each_line(text, " * ", "") + "\n */\n") == expected);
    CHECK(found_in(each_line(text, "# ", " #")) == expected);
    CHECK(found_in(each_line(text, "", "\r")) == expected);
}

TEST_CASE("license match: changes cost confidence and have a place", "[package][license]") {
    std::string text = replace_all(text_of("MIT"), "sublicense, ", "");
    auto matches = match_licenses("first line\n" + text);
    REQUIRE(matches.size() == 1);
    CHECK(matches[0].id == "MIT");
    CHECK(confidence_text(matches[0].confidence) == "0.99");
    CHECK(matches[0].changed_words == 1);
    CHECK(matches[0].first_line == 2);
    CHECK(matches[0].change_line == 2);

    text = replace_all(text_of("BSD-3-Clause"), "the copyright holder nor", "Acme Mills Ltd nor");
    matches = match_licenses(text);
    REQUIRE(matches.size() == 1);
    CHECK(matches[0].id == "BSD-3-Clause");
    CHECK(matches[0].is_certain());
    CHECK(matches[0].changed_words > 0);
}

TEST_CASE("license match: a text with another half is not certain", "[package][license]") {
    const std::string mit = text_of("MIT");
    const std::string half = mit.substr(0, mit.size() / 2);
    for (const LicenseMatch& match : match_licenses(half + "You may not sell it. " + half)) {
        CHECK_FALSE(match.is_certain());
    }
    CHECK(found_in("This program may be used by everyone.").empty());
    CHECK(found_in("").empty());
}

TEST_CASE("license match: each of several texts is found, in their order", "[package][license]") {
    const std::string all = text_of("Zlib") + "\n---\n" + text_of("MIT") + "\n---\n" +
                            text_of("BSD-3-Clause") + "\n---\n" + text_of("MIT") + text_of("ISC");
    CHECK(found_in(all) == "Zlib 1.00, MIT 1.00, BSD-3-Clause 1.00, ISC 1.00");
}

TEST_CASE("license match: three clauses are not two", "[package][license]") {
    CHECK(
        found_in(text_of("BSD-3-Clause") + text_of("BSD-3-Clause")).find("BSD-2") ==
        std::string::npos
    );
}

TEST_CASE("license match: notices differ by their numbers and names", "[package][license]") {
    const std::string notice = text_of("LGPL-2.1-or-later");
    CHECK(found_in(replace_all(notice, "2.1 of", "3 of")) == "LGPL-3.0-or-later 1.00");
    CHECK(found_in(replace_all(notice, "2.1 of", "7 of")).empty());
    std::string program = replace_all(notice, "Lesser ", "");
    program = replace_all(replace_all(program, "library", "program"), "2.1 of", "2 of");
    CHECK(found_in(program) == "GPL-2.0-or-later 1.00");
}

TEST_CASE("license match: the texts of this system are found", "[package][license]") {
    const auto [file, id] = GENERATE(table<const char*, const char*>({
        {"Apache-2.0", "Apache-2.0"},
        {"GPL-2", "GPL-2.0"},
        {"GPL-3", "GPL-3.0"},
        {"LGPL-2.1", "LGPL-2.1"},
        {"LGPL-3", "LGPL-3.0"},
        {"MPL-2.0", "MPL-2.0"},
        {"GFDL-1.3", "GFDL-1.3"},
        {"Artistic", "Artistic-1.0-Perl"},
        {"CC0-1.0", "CC0-1.0"},
    }));
    const auto text =
        DiskFileReader().read(std::filesystem::path("/usr/share/common-licenses") / file);
    if (!text) {
        WARN("this system has no /usr/share/common-licenses/" << file);
        return;
    }
    CAPTURE(file);
    CHECK(found_in(*text) == std::string(id) + " 1.00");
    // The advice on how to apply a licence may be missing.
    const std::size_t end = text->find("END OF TERMS AND CONDITIONS");
    CHECK(found_in(text->substr(0, end)) == std::string(id) + " 1.00");
}

TEST_CASE("license match: time and memory are bounded", "[package][license]") {
    const auto started = std::chrono::steady_clock::now();
    std::string repeated;
    while (repeated.size() < largest_license_text) {
        repeated += "of the software ";
    }
    CHECK(found_in(repeated).empty());
    std::string many;
    while (many.size() < largest_license_text) {
        many += text_of("BSD-3-Clause") + text_of("MIT");
    }
    CHECK(found_in(many) == "BSD-3-Clause 1.00, MIT 1.00");
    CHECK(found_in(std::string(largest_license_text, 'x')).empty());
    CHECK(found_in(std::string(largest_license_text, '\n')).empty());
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(20));
}

TEST_CASE("license match: references are there and long enough", "[package][license]") {
    CHECK(license_references().size() > 50);
    for (const LicenseReference& each : license_references()) {
        CAPTURE(each.id);
        CHECK(each.words.size() >= 30);
        CHECK(each.optional_words < each.words.size() / 2);
    }
}

}  // namespace quern::package
