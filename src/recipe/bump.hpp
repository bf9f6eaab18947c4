// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quern {
class FileReader;
}

namespace quern::recipe {

/// Checksums of a file, as hexadecimal digits.
struct SourceDigests {
    std::string sha256;
    std::string sha512;
};

struct BumpOptions {
    std::string version = {};
    std::string expected_commit = {};    ///< for git-checkout steps; may be empty
    bool write_checksums = false;        ///< also where a step has none
    std::string host_architecture = {};  ///< whose address of a file is taken where several differ
    /// Gets the file at a URL.
    std::function<Result<SourceDigests>(const std::string& url)> download = {};
};

struct BumpReport {
    std::string text;  ///< the file's new bytes
    std::string old_version;
    std::uint64_t old_epoch = 0;
    std::uint64_t epoch = 0;
    std::size_t checksums = 0;  ///< that have changed or are new
    std::size_t commits = 0;
    std::vector<std::string> warnings;
};

/// Sets a recipe's version and its epoch (0, or one more if the version stays), the checksums of
/// what its `fetch` steps get - in the main package, subpackages and tests -, and the commit of
/// `git-checkout` steps whose tag comes from the version. Where a step is for one architecture
/// only, that one's address is taken. Nothing else of the text changes, and nothing is written.
/// Empty with diagnostics if the recipe is wrong. Errors: io, not_found, invalid_recipe (no version
/// or epoch written in it), unsupported (a value that cannot be set), usage (a version of other
/// characters than letters, digits and `._+~:-`; a commit that is none); those of `download`.
/// Source: recipe-and-build 11.2.
Result<std::optional<BumpReport>> bump(
    const std::filesystem::path& path,
    const FileReader& reader,
    const BumpOptions& options,
    Diagnostics& diagnostics
);

}  // namespace quern::recipe
