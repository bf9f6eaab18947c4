// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/file_reader.hpp"

#include <map>
#include <string>

/// Files that are in memory only, by path as written; "a/./b" and "a/b" are the same.
class MemoryFileReader final : public quern::FileReader {
 public:
    MemoryFileReader() = default;
    explicit MemoryFileReader(const std::map<std::string, std::string>& files);

    void add(const std::filesystem::path& path, std::string content);
    quern::Result<std::string> read(const std::filesystem::path& path) const override;
    /// True for a file and for a directory that a file is in.
    bool exists(const std::filesystem::path& path) const override;

 private:
    std::map<std::string, std::string> files_;
};
