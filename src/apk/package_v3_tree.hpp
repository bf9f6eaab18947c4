// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/adb_reader.hpp"
#include "archive/tar_entry.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quern::apk {

/// One directory or file of a package of version 3.
struct TreeEntry {
    archive::TarEntry entry;
    std::string_view hash;        ///< SHA-256 of the content, raw; may be empty
    std::uint32_t directory = 0;  ///< where it stands, from 1, as blocks of content name it
    std::uint32_t file = 0;       ///< 0 for a directory

    /// Whether a block with its content follows.
    bool has_content() const {
        return entry.type == archive::TarType::file && file != 0 && entry.size != 0;
    }
};

/// Goes through the directories and files of a package of version 3 in their order, which is that
/// of the blocks with content. Source: apk-format 7 (schemas).
class TreeWalk {
 public:
    /// `paths`: the array of the package.
    TreeWalk(const AdbReader& reader, AdbReader::Value paths) : reader_(reader), paths_(paths) {}

    /// The next one, nothing behind the last. The root directory is passed over. Errors:
    /// invalid_data (not in byte order, a name that is none, an unknown kind of file).
    Result<std::optional<TreeEntry>> next();

 private:
    Result<std::optional<TreeEntry>> enter_directory();
    Result<TreeEntry> read_file(AdbReader::Value file);
    Result<void> read_owner(AdbReader::Value acl, archive::TarEntry& entry);
    Result<void> read_target(std::string_view target, archive::TarEntry& entry) const;

    const AdbReader& reader_;
    AdbReader::Value paths_;
    std::size_t directory_ = 0;  ///< those that were entered
    std::size_t file_ = 0;       ///< files of the current one that were given
    AdbReader::Value files_ = AdbReader::null;
    std::string path_;       ///< of the current directory
    std::string last_name_;  ///< of the last file in it
    std::uint64_t attribute_bytes_ = 0;
};

}  // namespace quern::apk
