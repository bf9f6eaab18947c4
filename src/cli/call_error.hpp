// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <CLI/CLI.hpp>

#include <span>

namespace quern::cli {

/// Says what is wrong with a call and what was probably meant. `app` has just refused `words`, the
/// arguments behind the program's name, with `refusal`; they must live as long as the call.
/// The error's code is `usage`.
Error explain_call(
    const CLI::App& app, const CLI::ParseError& refusal, std::span<const char* const> words
);

}  // namespace quern::cli
