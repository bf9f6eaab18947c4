// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace quern::archive {

enum class TarType { file, hard_link, symlink, character_device, block_device, directory, fifo };

/// One member of a tar stream. Ids and sizes are those of the header; numbers that a PAX record
/// overrides are ignored as apk does (size excepted), paths from PAX `path`/`linkpath`, GNU `L`/`K`
/// and the ustar prefix are already applied.
struct TarEntry {
    TarType type = TarType::file;
    std::string path;         ///< no trailing slash
    std::string link_target;  ///< symlinks: the text; hard links: path of the first name
    std::uint32_t mode = 0;   ///< 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string user_name;
    std::string group_name;
    std::uint64_t size = 0;  ///< bytes of content that follow; 0 for all but files
    std::int64_t mtime = 0;  ///< seconds since 1970
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    /// Further PAX records in the order of the header: "APK-TOOLS.checksum.SHA1",
    /// "SCHILY.xattr.user.x". Values may hold any byte.
    std::vector<std::pair<std::string, std::string>> records;

    const std::string* record(const std::string& key) const;
};

}  // namespace quern::archive
