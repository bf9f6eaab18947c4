// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/subject.hpp"
#include "quern/recipe.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

enum class Relation { depends, provides, vendored };

/// One generated relation and the files that it comes from.
struct Generated {
    static constexpr std::size_t most_files = 8;

    Relation relation = Relation::depends;
    std::string text;                ///< as in .PKGINFO: "so:libz.so.1", "cmd:gzip=1.2-r0"
    std::string_view scanner;        ///< which rule made it: "shared-objects"
    std::vector<std::string> files;  ///< the first `most_files` in walk order
    std::size_t file_count = 0;      ///< all of them
};

/// What the files of one package say it needs and gives.
struct ScanResult {
    std::vector<Generated> relations;  ///< sorted by relation and text, each text once
    std::vector<std::string> warnings;

    std::vector<std::string> texts(Relation relation) const;
    /// The relation with this text, or null.
    const Generated* find(Relation relation, std::string_view text) const;
};

struct ScanOptions {
    std::string full_version;        ///< "1.2-r0"
    recipe::PackageOptions options;  ///< no-provides and so on
    std::vector<std::string>
        declared_runtime;  ///< of the recipe: some suppress what would be generated
};

/// Runs every scanner over `recipe[index]`. Symbolic links and directories of libraries are looked
/// up in all packages of the recipe, the main one first. Depends that the package carries for
/// itself (vendored) are left out, and what `options` turn off. A pure function of its arguments.
/// Source: recipe-and-build 8.
ScanResult scan(std::span<const Subject> recipe, std::size_t index, const ScanOptions& options);

}  // namespace quern::package
