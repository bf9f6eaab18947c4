// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "support/temp_dir.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::test {

/// One entry of a tar with its content.
using TarPart = std::pair<archive::TarEntry, std::string>;

TarPart directory(std::string path);
/// With its right checksum record.
TarPart file(std::string path, std::string content);
TarPart soft_link(std::string path, std::string target);
TarPart hard_link(std::string path, std::string target);
/// Without records, as in control sections.
TarPart plain(std::string path, std::string content);

/// Bytes of a tar / of a gzip member with it.
std::string tar_of(const std::vector<TarPart>& parts, bool end_blocks);
std::string member_of(const std::vector<TarPart>& parts, bool end_blocks);

/// A package put together by hand, every part of which a test may change before `bytes`.
struct RawPackage {
    std::vector<TarPart> data_parts;
    std::string info;     ///< without datahash
    std::string data;     ///< compressed; made from `data_parts` if empty
    std::string control;  ///< compressed; made from `info` and the hash of `data` if empty
    std::string signature;
    std::string behind;

    RawPackage();
    std::string data_hash() const;
    std::string bytes();
};

/// Opens bytes as a package by way of a file without a name.
Result<apk::PackageFile> open_bytes(std::string_view bytes, const apk::PackageLimits& limits = {});
/// `open_bytes` and `verify_data`: the error of whichever comes first.
Result<void> verify_bytes(std::string_view bytes, const apk::PackageLimits& limits = {});

}  // namespace quern::test
