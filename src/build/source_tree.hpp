// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/recipe.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::build {

struct SourceTreeOptions {
    /// Directories (the output, the cache) and files that are left out where they lie inside.
    std::vector<std::filesystem::path> skip;
    bool is_reversed = false;       ///< files are made in the opposite order
    bool obeys_ignore_file = true;  ///< what `.melangeignore` names is left out
};

/// Copies the regular files of `source` into the workspace: permission bits are kept, links and
/// empty directories are not copied, nothing is followed. Errors: io, limit. Source:
/// recipe-and-build 6.4.
Result<void> copy_source_tree(
    const std::filesystem::path& source,
    const FileTree& home,
    const GuestIds& ids,
    const SourceTreeOptions& options
);

/// A digest over what `copy_source_tree` would copy: paths, modes and contents. Errors: as there.
Result<std::string> digest_source_tree(
    const std::filesystem::path& source, const SourceTreeOptions& options
);

/// What a binary says of the package that it is from: one line of JSON (recipe-and-build 6.4).
std::string package_note(
    const recipe::Configuration& configuration,
    std::string_view namespace_name,
    std::string_view architecture
);

/// Writes what compiler wrappers of a distribution look for, to put `note` in each binary
/// (recipe-and-build 6.4). `guest` is the root of the environment.
Result<void> write_compiler_files(
    const FileTree& home, const std::string& note, const FileTree& guest, const GuestIds& ids
);

/// `cpe:2.3:…` of a package, empty if vendor or product are missing (recipe-and-build 2.2).
std::string cpe_name(const recipe::Package& package);

}  // namespace quern::build
