// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "recipe/variables.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace quern;

/// Three texts, separated by line breaks: a value, an expression and a replacement.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string all(reinterpret_cast<const char*>(data), size);
    const recipe::Variables variables = {{"a", "A"}, {"b.c", "${{a}}"}};
    Diagnostics diagnostics;
    const auto result = recipe::substitute({all, {}}, variables, diagnostics);
    QUERN_ASSERT(result.has_value() == !diagnostics.has_errors());
    std::size_t last_end = 0;
    for (const recipe::Reference& reference : recipe::find_references(all)) {
        QUERN_ASSERT(
            reference.begin >= last_end && reference.begin + reference.length <= all.size()
        );
        last_end = reference.begin + reference.length;
    }
    QUERN_ASSERT(recipe::replace_exactly(all, {}) == all);
    const std::size_t first = all.find('\n');
    const std::size_t second = first == std::string::npos ? first : all.find('\n', first + 1);
    if (second != std::string::npos) {
        recipe::VarTransform rule;
        rule.match.value = all.substr(first + 1, second - first - 1);
        rule.replace.value = all.substr(second + 1);
        Diagnostics problems;
        QUERN_ASSERT(
            recipe::transform(all.substr(0, first), rule, problems).has_value() ==
            !problems.has_errors()
        );
    }
    return 0;
}
