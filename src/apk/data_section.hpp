// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "quern/error.hpp"
#include "support/handle.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace quern::apk {

/// A packed data section, in a file that has no name: it is gone with the descriptor.
struct SpooledData {
    UniqueFd fd;
    std::uint64_t size = 0;  ///< bytes, compressed
    std::string data_hash;   ///< hex SHA-256 of them
    std::uint64_t installed_size =
        0;                 ///< bytes; files once an inode, targets of symbolic links, directories 0
    bool is_empty = true;  ///< no entry at all
};

/// Packs what `write_data` gives. Errors: io; limit and invalid_data for entries that apk cannot
/// install; what `write_data` gives.
Result<SpooledData> spool_data(
    const std::filesystem::path& directory,
    const DataWriter& write_data,
    const PackageWriterOptions& options
);

/// Where the parts of a package stand before they are put together.
struct PackageParts {
    std::string signature = {};  ///< may be empty
    std::string control = {};
    int data_fd = -1;
    std::uint64_t data_offset = 0;
    std::uint64_t data_size = 0;
};

/// Writes the parts one behind the other to `path`, atomically, mode 0644.
Result<void> assemble_package(const std::filesystem::path& path, const PackageParts& parts);

}  // namespace quern::apk
