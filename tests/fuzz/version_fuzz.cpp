// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "quern/version.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::apk;

/// Two texts, separated by a line break: order is antisymmetric, a text equals itself, and what is
/// valid is printed unchanged.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t split = text.find('\n');
    const std::string_view a = text.substr(0, split);
    const std::string_view b =
        split == std::string_view::npos ? std::string_view() : text.substr(split + 1);
    QUERN_ASSERT(compare_versions(a, a) == 0);
    QUERN_ASSERT((compare_versions(a, b) < 0) == (compare_versions(b, a) > 0));
    QUERN_ASSERT(matches_fuzzily(a, a) || !is_valid_version(a));
    const auto version = Version::parse(a);
    QUERN_ASSERT(version.has_value() == is_valid_version(a));
    QUERN_ASSERT(!version || version->to_string() == a);
    QUERN_ASSERT(!is_recipe_version(a) || is_valid_version(a));
    return 0;
}
