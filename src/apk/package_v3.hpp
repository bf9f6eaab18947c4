// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/package_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// The four letters of the schema that packages of version 3 have.
inline constexpr std::string_view package_schema = "pckg";

/// Whether the file is one of the ADB format. Errors: io.
Result<bool> is_package_v3(int fd);

/// What stands in front of the content in a package of version 3: all but the content itself.
/// Source: apk-format 7.
class PackageV3 {
 public:
    /// Errors: invalid_data, limit, unsupported, io.
    static Result<PackageV3> read(int fd, std::uint64_t file_size, const PackageLimits& limits);

    /// In the terms of version 2: scripts under their names there, and .PKGINFO as it would be. The
    /// identity is "Q2" with SHA-256; signatures have the id of their key for a name. Sections and
    /// a datahash there are none. Errors: invalid_data, limit.
    Result<PackageHead> head(std::uint64_t file_size) const;
    /// As `PackageFile`'s.
    Result<std::string> verify_signature(const Keyring& keyring) const;
    /// Reads the file twice: all is checked before anything is visited. Errors: as `PackageFile`'s.
    Result<void> read_data(int fd, const PackageLimits& limits, const PackageFile::Visitor& visit)
        const;

 private:
    std::string payload_;
    std::vector<std::string> signatures_;
    std::uint64_t file_size_ = 0;
    std::uint64_t control_bytes_ = 0;  ///< most of what `head` gives
};

/// Signs the package of `fd` anew and puts it at `path`, atomically. It has to be checked before.
/// Errors: as reading; as signing; io.
Result<void> sign_package_v3(const std::filesystem::path& path, int fd, const Signer& key);

}  // namespace quern::apk
