// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/git.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quern::fetch {

/// The machine's git program, which brings commits where it is installed: it fetches few commits of
/// a long history, and it knows the user's settings (`url.*.insteadOf`, proxies, credential
/// helpers, ssh). It only fetches, into a bare mirror of ours: nothing of a repository is run, and
/// the settings of the directory that quern was called in do not count.
class GitProgram {
 public:
    /// Nothing if there is none.
    static std::optional<GitProgram> find();

    /// Fetches `refspecs`; `depth` -1 is the whole history. Errors: network (with what git said, in
    /// which no password is left), interrupted.
    Result<void> fetch(
        const GitRequest& request,
        const std::filesystem::path& mirror,
        const std::vector<std::string>& refspecs,
        int depth,
        const CancelToken& cancel
    ) const;

 private:
    explicit GitProgram(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace quern::fetch
