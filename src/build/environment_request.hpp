// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/recipe.hpp"
#include "quern/repository.hpp"
#include "repository/key_source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::build {

/// What a build environment is to be made of, before a package of it is chosen: the recipe's lists
/// and the options', merged and sorted. Source: recipe-and-build 6.5.
struct EnvironmentRequest {
    std::string architecture;
    std::vector<std::string> wanted;        ///< names and constraints
    std::vector<std::string> repositories;  ///< lines as they were given
    std::vector<std::string> key_places;    ///< paths and URLs as they were given
    std::vector<repository::Location> locations;
    std::vector<repository::TrustedKey> keys;  ///< read; discovered ones too
    bool ignores_signatures = false;           ///< --ignore-signatures
};

/// Errors: usage (no repository), invalid_data, not_found, network.
Result<EnvironmentRequest> gather_request(
    const recipe::Environment& environment,
    std::string_view architecture,
    const EnvironmentOptions& options,
    const Services& services
);

}  // namespace quern::build
