// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/content.hpp"
#include "package/subject.hpp"
#include "quern/error.hpp"
#include "quern/package_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace quern::package {

/// Looks once at the content of each file of a package and notes what scanners and linters want to
/// know. Files are hostile: time is bounded by a small multiple of their size, memory by
/// `largest_facts`.
class Inspector {
 public:
    /// Bytes that may be noted of all files together.
    static constexpr std::uint64_t largest_facts = std::uint64_t{64} << 20U;

    /// Null if there is nothing to tell of the file. Errors: limit (names the file).
    Result<std::unique_ptr<FileFacts>> look(std::string_view path, Content& content);

 private:
    std::uint64_t noted_ = 0;
};

/// A finished package file as scanners and linters see it. Nothing is written to disk but large
/// files, to one temporary file without a name. The whole hash chain below the signature is checked
/// on the way. Errors: as PackageFile::read_data; limit.
Result<Subject> inspect_package(const apk::PackageFile& package);

}  // namespace quern::package
