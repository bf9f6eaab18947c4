// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/atomic_file.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace quern::build {

/// A fresh directory that says whether its process lives: it is locked for as long as this object
/// exists. Removed by the destructor unless kept; one that a killed process left behind is removed
/// when the next one of the same prefix is made beside it.
class Scratch {
 public:
    /// Makes `<parent>/<prefix>XXXXXX` (0700); `parent` is made if missing. Errors: io.
    static Result<Scratch> create(const std::filesystem::path& parent, const std::string& prefix);
    /// Uses a directory of the user's; it is never removed.
    static Result<Scratch> adopt(const std::filesystem::path& directory);
    Scratch(Scratch&& other) noexcept;
    Scratch& operator=(Scratch&& other) noexcept;
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();

    const std::filesystem::path& path() const { return path_; }
    void keep() { keep_ = true; }
    bool is_kept() const { return keep_; }

 private:
    Scratch(std::filesystem::path path, FileLock lock, bool keep);
    std::filesystem::path path_;  ///< empty once moved from
    std::unique_ptr<FileLock> lock_;
    bool keep_ = false;
};

}  // namespace quern::build
