// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <string_view>

namespace quern {

/// A directory (mode 0700) that is removed with all that is in it.
class TempDir {
 public:
    /// Makes `<parent>/<prefix>XXXXXX`; `parent` is made if missing.
    static Result<TempDir> create(const std::filesystem::path& parent, std::string_view prefix);
    TempDir(TempDir&&) noexcept;
    TempDir& operator=(TempDir&&) noexcept;
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    const std::filesystem::path& path() const { return path_; }
    /// Leaves the directory on disk.
    void keep() noexcept { keep_ = true; }

 private:
    explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
    bool keep_ = false;
};

}  // namespace quern
