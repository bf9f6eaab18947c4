// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quern::fetch {

/// Addresses of submodules by their path, from the text of `.gitmodules`. Other settings are passed
/// over; nothing is included from elsewhere. Of two sections with one path the later wins.
/// Errors: invalid_data (a line that is none), limit.
Result<std::map<std::string, std::string>> parse_git_modules(std::string_view text);

/// The address of a submodule as it is fetched: `address`, or what it is relative to `repository`
/// ("../x.git"). Errors: invalid_data (more ".." than the address has parts, a local path in a
/// remote repository's file).
Result<std::string> resolve_module_address(
    const std::string& address, const std::string& repository
);

/// One line of `cherry-picks`. Source: recipe-and-build 5.1.
struct CherryPick {
    std::string branch;  ///< empty: of what was checked out
    std::string commit;  ///< as written: 4 to 40 hex digits
};
/// Errors: usage (a line without comment or commit).
Result<std::vector<CherryPick>> parse_cherry_picks(std::string_view text);

/// Directories of `sparse-paths`, which `git sparse-checkout` in its cone mode takes: files beside
/// them and beside their parents are there too.
class SparseCone {
 public:
    /// Errors: usage (a path that leaves).
    static Result<SparseCone> parse(std::string_view text);
    bool is_everything() const { return directories_.empty(); }
    const std::vector<std::string>& directories() const { return directories_; }
    /// Whether a directory is looked into, by its path without slashes at the ends.
    bool has_directory(std::string_view path) const;
    /// Whether a file is written.
    bool has_file(std::string_view path) const;

 private:
    bool is_inside(std::string_view path) const;
    std::vector<std::string> directories_;
};

}  // namespace quern::fetch
