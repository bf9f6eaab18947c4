// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/package_pool.hpp"

#include <span>
#include <vector>

namespace quern::repository {

/// Packages that want to be there (install_if) because of what one entry of the world depends on,
/// in the order of `dependencies`; those among `dependencies` left out. A token is the name of a
/// dependency or "name=version" of one, literally. Source: image-and-resolver 3.8, "install_if".
std::vector<PackageId> triggered_by(
    const PackagePool& pool, std::span<const PackageId> dependencies
);

/// The same for a whole set that meets `world`, entry by entry, each package once.
std::vector<PackageId> find_triggered(
    PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> members
);

}  // namespace quern::repository
