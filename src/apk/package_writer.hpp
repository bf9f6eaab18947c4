// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/tar_entry.hpp"
#include "quern/keyring.hpp"
#include "quern/package_info.hpp"
#include "support/thread_pool.hpp"
#include "support/timestamp.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace quern::apk {

struct SpooledData;  // apk/data_section.hpp

/// Gives the data section's entries in order: calls `add` for each; for files with a source of
/// exactly `entry.size` bytes. `add` computes APK-TOOLS.checksum.SHA1 of files and symbolic links
/// itself; the entry need not carry it.
class DataSink {
 public:
    DataSink() = default;
    DataSink(const DataSink&) = delete;
    DataSink& operator=(const DataSink&) = delete;
    virtual ~DataSink() = default;
    virtual Result<void> add(const archive::TarEntry& entry) = 0;
    virtual Result<void> add_file(const archive::TarEntry& entry, std::string_view content) = 0;
    /// Reads `fd` from its start, twice if it is large: once for the checksum, once for the
    /// content. Errors: io; invalid_data if the file changed in between.
    virtual Result<void> add_file(const archive::TarEntry& entry, int fd) = 0;
    /// Hex SHA-1 of the file that was added last.
    virtual const std::string& last_checksum() const = 0;
};
using DataWriter = std::function<Result<void>(DataSink& sink)>;

struct PackageWriterOptions {
    const Signer* key = nullptr;  ///< unsigned without
    Timestamp timestamp = {};     ///< mtime of signature and control entries
    int compression_level = 0;    ///< 0 = default_gzip_level
    ThreadPool* pool = nullptr;
};

struct WrittenPackage {
    std::filesystem::path path;
    std::string checksum;         ///< identity, "Q1..."
    std::string data_hash;        ///< hex SHA-256
    std::uint64_t file_size = 0;  ///< bytes
    PackageInfo info;             ///< as written: with size and datahash
};

/// Writes `<directory>/<name>-<version>.apk` (mode 0644; atomically): signature, control and data
/// section, each one gzip member. `info.installed_size` is computed (files once an inode, link
/// targets, directories 0), `data_hash` too. `control_files` are scripts (0755) and others (0644)
/// by name without .PKGINFO: ".post-install", ".melange.yaml". The data section is spooled to an
/// unlinked temporary file in `directory`. Errors: io, limit, invalid_data.
Result<WrittenPackage> write_package(
    const std::filesystem::path& directory,
    PackageInfo info,
    const std::map<std::string, std::string>& control_files,
    const DataWriter& write_data,
    const PackageWriterOptions& options
);

/// The second half of the above, for callers that know what the package says of itself only when
/// its files have been packed: `data` is what `spool_data` gave, with the same options.
Result<WrittenPackage> write_package(
    const std::filesystem::path& directory,
    PackageInfo info,
    const std::map<std::string, std::string>& control_files,
    const SpooledData& data,
    const PackageWriterOptions& options
);

/// Signs a finished package anew, in place and atomically; other signatures are dropped. Errors: as
/// reading; io.
Result<void> sign_package(const std::filesystem::path& path, const Signer& key);

}  // namespace quern::apk
