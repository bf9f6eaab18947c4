// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/package_file.hpp"
#include "quern/repository.hpp"
#include "repository/verify.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// What one package brings, as far as it concerns others.
struct PackageFiles {
    std::vector<std::uint64_t>
        paths;  ///< hashes of all but directories: a distribution has millions
    std::vector<std::string> replaces;

    /// Notes one entry of a data section.
    void add(const archive::TarEntry& entry);
};

/// Files that two packages bring, of which neither replaces the other, that can be installed
/// together and come from different recipes: apk refuses the second. `files` are those of the
/// packages of `index`, which lie in `directory`. Source: apk-format 4, "Same file in two
/// packages".
std::vector<Finding> find_file_conflicts(
    const std::filesystem::path& directory,
    const RepositoryIndex& index,
    const std::vector<PackageFiles>& files,
    const apk::PackageLimits& limits
);

}  // namespace quern::repository
