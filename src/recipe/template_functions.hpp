// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "recipe/template_value.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace quern::recipe::go {

/// Functions of templates but `and` and `or`, which do not look at all of their arguments.
using Function = Result<Value> (*)(std::span<const Value> arguments);

struct FunctionEntry {
    std::string_view name;
    std::size_t least = 0;  ///< number of arguments
    std::size_t most = 0;
    Function call = nullptr;  ///< null: `and`, `or`
};

/// Nothing if Go has no such function; `call` is none either.
const FunctionEntry* find_function(std::string_view name);
std::vector<std::string_view> function_names();

}  // namespace quern::recipe::go
