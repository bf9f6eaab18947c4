// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "support/cancel.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace quern::fetch {

/// libgit2, loaded and started when it is first needed; one is made in `main` and lives as long as
/// anything of git is used.
class GitLibrary {
 public:
    GitLibrary() = default;
    GitLibrary(const GitLibrary&) = delete;
    GitLibrary& operator=(const GitLibrary&) = delete;
    ~GitLibrary();
    /// Errors: unsupported (there is no such library). Thread safety: yes.
    Result<void> start() const;

 private:
    mutable std::mutex mutex_;
    mutable bool is_started_ = false;
};

/// A checkout of one commit as the `git-checkout` pipeline wants it (recipe-and-build 5.1).
struct GitRequest {
    std::string repository;  ///< https, http, ssh, git, file URL or an absolute path
    std::string branch;
    std::string tag;
    std::string expected_commit;  ///< 40 hex digits or empty
    std::string destination;      ///< below the tree, "." for itself
    bool is_branch_tip = false;   ///< expected-commit-is-branch-tip
    int depth = 0;                ///< 0: as 5.1 says for unset; -1: all
    bool recurse_submodules = false;
    std::string sparse_paths;
    std::string cherry_picks;
    std::int64_t committer_date = 0;
    bool is_by_id = false;  ///< expected_commit is taken whatever branch has it: a submodule
    unsigned max_retries = 0;
    std::chrono::seconds initial_backoff{2};  ///< doubled for each further try
    std::chrono::seconds max_backoff{60};
    GuestIds owner;
    std::filesystem::path cache_directory;  ///< of bare mirrors
};

struct GitReport {
    std::string commit;  ///< that was checked out, 40 hex digits
    std::vector<std::string> warnings;
};

/// Fetches into a bare mirror below `request.cache_directory` (by the machine's git if it is
/// installed and the repository is not on this machine), verifies the commit, and writes tree and
/// `.git` below `destination` in `tree`, submodules included if they are asked for. Nothing of the
/// repository is run: no hooks, no filters.
/// Errors: network, not_found (branch, tag, commit), digest_mismatch (another commit than
/// expected), invalid_data (paths that leave), unsupported, interrupted.
Result<GitReport> checkout(
    const GitLibrary& library,
    const GitRequest& request,
    const FileTree& tree,
    Reporter& reporter,
    const CancelToken& cancel
);

/// HEAD of the git repository that holds `path` (searched upward), or nothing. Runs nothing, reads
/// only refs.
std::optional<std::string> head_commit(
    const GitLibrary& library, const std::filesystem::path& path
);

}  // namespace quern::fetch
