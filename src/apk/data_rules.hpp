// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quern::apk {

/// The record that holds a file's or link's SHA-1. Source: apk-format 1.5.
inline const std::string checksum_record = "APK-TOOLS.checksum.SHA1";

/// Judges the entries of a data section in their order, for reading and for writing alike.
class DataRules {
 public:
    /// Errors: invalid_data: a path that is not confined or holds control characters, a path twice
    /// (directories may), something below what is not a directory, a hard link whose target is no
    /// earlier file, an empty link target, an extended attribute whose name is none or steers an
    /// overlay.
    Result<void> check(const archive::TarEntry& entry);

    /// Size of what was checked as apk counts it: files once an inode, targets of symbolic links,
    /// directories 0.
    std::uint64_t installed_size() const { return installed_size_; }
    bool is_empty() const { return seen_.empty(); }

 private:
    Result<void> check_parents(std::string_view path);
    Result<void> check_place(const archive::TarEntry& entry);
    Result<void> check_link(const archive::TarEntry& entry) const;

    struct PathHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view path) const {
            return std::hash<std::string_view>()(path);
        }
    };
    std::unordered_map<std::string, archive::TarType, PathHash, std::equal_to<>> seen_;
    std::uint64_t installed_size_ = 0;
};

}  // namespace quern::apk
