// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Every row of apk-tools' own list of versions.
#include "conformance/shared_facts.hpp"
#include "quern/dependency.hpp"
#include "quern/version.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::apk;

namespace {

/// "a < b", and with `~` the relations of a dependency.
bool holds(std::string_view a, std::string_view relation, std::string_view b) {
    if (relation.starts_with('!')) {
        return !holds(a, relation.substr(1), b);
    }
    if (relation.find('~') != std::string_view::npos) {
        const auto dependency = Dependency::parse("x" + std::string(relation) + std::string(b));
        return dependency && dependency->is_satisfied_by(a);
    }
    const auto order = compare_versions(a, b);
    return relation == "<" ? order < 0 : relation == ">" ? order > 0 : order == 0;
}

}  // namespace

TEST_CASE("version: all rows of apk-tools' list hold", "[apk][version]") {
    const auto text = read_file(test::shared_facts("spec/version.data"));
    REQUIRE(text);
    std::size_t relations = 0;
    std::size_t verdicts = 0;
    for (std::string_view line : split(*text, '\n')) {
        line = trim(line.substr(0, line.find('#')));
        const std::vector<std::string_view> words = split_words(line);
        CAPTURE(line);
        if (words.size() == 3) {
            CHECK(holds(words[0], words[1], words[2]));
            ++relations;
        } else if (words.size() == 1) {
            const bool is_wrong = words[0].starts_with('!');
            CHECK(is_valid_version(words[0].substr(is_wrong ? 1 : 0)) == !is_wrong);
            ++verdicts;
        }
    }
    CHECK(relations == 754);
    CHECK(verdicts == 31);
}
