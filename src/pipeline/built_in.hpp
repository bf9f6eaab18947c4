// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace quern::pipeline {

/// A definition that is part of the program.
struct BuiltIn {
    std::string_view name;  ///< "autoconf/make"
    std::string_view text;  ///< YAML
};

/// All of pipelines/*, by name in byte order. Written by pipelines/embed.py.
std::span<const BuiltIn> built_in_definitions();

}  // namespace quern::pipeline
