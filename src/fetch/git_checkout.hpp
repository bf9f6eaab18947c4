// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/git.hpp"
#include "fetch/git_modules.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

struct git_oid;
struct git_repository;

namespace quern::fetch {

/// A commit that is at hand and was checked, and what is to be made of it.
struct ChosenCommit {
    git_repository* mirror = nullptr;
    const GitRequest& request;
    const CancelToken& cancel;
    std::string commit;      ///< 40 hex digits
    std::string tag_object;  ///< of an annotated tag, else empty
    SparseCone cone;
    int cherry_picks = 0;  ///< commits of ours on top
};

struct Submodule {
    std::string path;
    std::string address;
    std::string commit;
};

/// Submodules of the commit's tree that the cone has, by path. Errors: invalid_data (an entry that
/// `.gitmodules` does not explain, addresses that it may not have).
Result<std::vector<Submodule>> find_submodules(const ChosenCommit& chosen);

/// Puts the change that `pick` made on top of the commit `base`, as `git cherry-pick -x` does, and
/// gives the new commit. Errors: invalid_data (it does not apply, or changes nothing), not_found.
Result<std::string> apply_cherry_pick(const ChosenCommit& base, const CherryPick& pick);
/// Whether the mirror has the commit of a cherry-pick with what it takes to apply it.
bool has_pick(git_repository* mirror, const CherryPick& pick);

/// 40 hex digits.
std::string hex_of(const git_oid& id);

/// An error for a status of libgit2 below 0, with its message, in which no credentials of the
/// address are left. Errors: `code`; interrupted.
Result<void> check_git(
    int status,
    const GitRequest& request,
    const CancelToken& cancel,
    std::string_view action,
    ErrorCode code = ErrorCode::invalid_data
);

/// Writes the files of the commit below `destination`, never through a link, refusing names that
/// mean something to git or leave. Errors: invalid_data, limit, io, interrupted.
Result<void> write_git_files(const ChosenCommit& chosen, const FileTree& destination);

/// Writes a `.git` below `destination` with as much history as the request's depth says: HEAD, the
/// branch or the tag, an index, settings for commits. It is made below `scratch` first. Errors:
/// invalid_data, io, interrupted.
Result<void> write_git_directory(
    const ChosenCommit& chosen, const FileTree& destination, const std::filesystem::path& scratch
);

/// Gives what lies at `name` in the directory to the guest's root, with a date in seconds.
Result<void> give_to_guest(
    int parent, const std::string& name, const GuestIds& owner, std::int64_t date
);

}  // namespace quern::fetch
