// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/repository.hpp"
#include "repository/verify.hpp"

#include <span>
#include <vector>

namespace quern::repository {

/// Packages of the first index that clients with all `indexes` cannot install: what they need and
/// nothing provides, and for the rest the reasons why they do not fit.
std::vector<Finding> check_closure(std::span<const RepositoryIndex> indexes);

}  // namespace quern::repository
