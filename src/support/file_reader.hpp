// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <string>

namespace quern {

/// The file system as seen by code that must be testable without one. Paths are as the user typed
/// them.
class FileReader {
 public:
    FileReader() = default;
    FileReader(const FileReader&) = delete;
    FileReader& operator=(const FileReader&) = delete;
    virtual ~FileReader() = default;

    /// The whole file. Errors: not_found, io, limit (more than 64 MiB).
    virtual Result<std::string> read(const std::filesystem::path& path) const = 0;
    virtual bool exists(const std::filesystem::path& path) const = 0;
};

/// The real file system.
class DiskFileReader final : public FileReader {
 public:
    Result<std::string> read(const std::filesystem::path& path) const override;
    bool exists(const std::filesystem::path& path) const override;
};

}  // namespace quern
