// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace quern::seed {

/// One package of a finished seed.
struct StampedPackage {
    std::string file_name;
    std::string key;  ///< digest of all that its bytes depend on
    std::uint64_t size_bytes = 0;
};

/// What the last run left in a repository, kept in `.quern-seed-ARCHITECTURE` beside the
/// packages' directory: so that a run with
/// nothing changed does nothing, and one with little changed little.
struct Stamp {
    std::string key;                                 ///< digest of all that the whole depends on
    std::string index;                               ///< SHA-256 of the index
    std::map<std::string, StampedPackage> packages;  ///< by package name

    static Stamp parse(std::string_view text);  ///< lines that are wrong are left out
    std::string to_string() const;

    /// True if `directory` still holds what the stamp says: the index by its digest, packages by
    /// name and size.
    bool matches(const std::filesystem::path& directory) const;
    /// The package of this key, if its file is there.
    const StampedPackage* find(
        const std::string& name, const std::string& key, const std::filesystem::path& directory
    ) const;
};

inline constexpr std::string_view stamp_name = ".quern-seed";

}  // namespace quern::seed
