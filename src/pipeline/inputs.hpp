// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/variable_stack.hpp"
#include "quern/recipe.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace quern::pipeline {

using InputMap = std::map<std::string, recipe::Input, std::less<>>;

/// What a node gives to a definition.
struct InputRequest {
    std::string_view pipeline;  ///< name of the definition, for messages
    Span uses;
    const recipe::TextMap& with;
    const InputMap& declared;
};

/// Resolves the inputs of a node (recipe-and-build 3.3, 4.2) and sets `inputs.NAME` for each on the
/// open level of `variables`. Every key of `with` must be declared, required ones must be given,
/// and checksums have their lengths after substitution. The values by bare name; empty with
/// diagnostics.
std::optional<std::map<std::string, std::string, std::less<>>> resolve_inputs(
    const InputRequest& request, VariableStack& variables, Diagnostics& diagnostics
);

}  // namespace quern::pipeline
