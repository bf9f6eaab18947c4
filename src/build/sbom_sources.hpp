// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/sbom.hpp"
#include "quern/recipe.hpp"

#include <vector>

namespace quern::build {

/// The sources that the steps of a compiled pipeline got: at any depth, where the peer tells only
/// those at the top, and without those whose `if` is false (recipe-and-build 10.4).
std::vector<package::SbomSource> sbom_sources(
    const std::vector<recipe::PipelineNode>& pipeline, const recipe::Package& package
);

}  // namespace quern::build
