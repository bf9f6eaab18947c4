// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "recipe/condition.hpp"
#include "recipe/variables.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace quern;

/// A condition has a value exactly if its grammar holds and its names are known; replacing while
/// loading does not make a good one bad.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const recipe::Variables variables = {{"a", "it's \"a\"\\"}, {"build.arch", "x86_64"}};
    const recipe::Text text{std::string(reinterpret_cast<const char*>(data), size), {}};
    Diagnostics grammar;
    Diagnostics evaluation;
    const bool is_good = recipe::check_condition(text, grammar);
    const auto value = recipe::evaluate(text, variables, evaluation);
    QUERN_ASSERT(is_good == !grammar.has_errors());
    QUERN_ASSERT(value.has_value() == !evaluation.has_errors());
    QUERN_ASSERT(is_good || !value);
    const recipe::Variables outside = {{"a", "A"}};
    const recipe::Text replaced{recipe::replace_in_condition(text.value, outside), {}};
    Diagnostics after;
    QUERN_ASSERT(!is_good || recipe::check_condition(replaced, after));
    return 0;
}
