// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/git.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace quern::fetch {

/// The files of HEAD of a repository of the user's own. Reads objects only: nothing of the
/// repository is run, nothing is fetched.
class GitHead {
 public:
    /// The repository that holds `directory`, searched upward; nothing if there is none that can be
    /// read, or it has no commit. `library` must outlive the result.
    static std::optional<GitHead> open(
        const GitLibrary& library, const std::filesystem::path& directory
    );
    GitHead(GitHead&&) noexcept;
    GitHead& operator=(GitHead&&) noexcept;
    ~GitHead();

    /// Where the working tree is; absolute, without links.
    const std::filesystem::path& root() const;
    /// The file as HEAD has it; nothing if it has none, or one over 16 MiB. `path` is absolute,
    /// without links.
    std::optional<std::string> read(const std::filesystem::path& path) const;

 private:
    struct State;
    explicit GitHead(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace quern::fetch
