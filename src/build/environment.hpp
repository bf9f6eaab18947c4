// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/environment_request.hpp"
#include "quern/build.hpp"
#include "quern/recipe.hpp"
#include "quern/repository.hpp"
#include "rootfs/layer_cache.hpp"

#include <string>
#include <vector>

namespace quern::build {

/// The packages that a build's environment is made of, with all that decides its tree.
struct ResolvedEnvironment {
    rootfs::RootDescription root;
    /// The recipe's environment with packages as sorted "name=version", repositories and keys
    /// merged and sorted: what `.melange.yaml` records.
    recipe::Environment locked;
    std::vector<repository::RepositoryIndex> indexes;  ///< those in use
};

/// Packages for a request and where they were chosen from.
struct ChosenPackages {
    std::vector<repository::Selected> packages;  ///< in install order
    std::vector<repository::RepositoryIndex> indexes;
};

/// Reads the indexes that a request names and resolves; looks at no lock.
/// Errors: as `resolve_environment`.
Result<ChosenPackages> choose_packages(
    const EnvironmentRequest& request, const EnvironmentOptions& options, const Services& services
);

/// Reads keys, then the lock or else the indexes, and resolves. Source: recipe-and-build 6.5.
/// Errors: unsatisfiable, signature, network, not_found, invalid_data.
Result<ResolvedEnvironment> resolve_environment(
    const recipe::Environment& environment,
    std::string_view architecture,
    const EnvironmentOptions& options,
    const Services& services
);

/// The root tree, unpacked or from the cache.
Result<rootfs::CachedRoot> prepare_root(
    const ResolvedEnvironment& environment, const Services& services
);

}  // namespace quern::build
