// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/atomic_file.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quern::image {

/// What the last build left at an output: its content key, the state of each file, and a note of
/// the caller. Kept in the cache as `image/outputs/<digest of the output's path>.json`. While it is
/// open, no other process with this cache builds the same output.
class OutputRecord {
 public:
    /// `side_directory`: where files that belong to the output go too, or empty; a build into
    /// another one is another build. Waits for who has it open. Errors: io, interrupted.
    static Result<OutputRecord> open(
        const std::filesystem::path& cache,
        const std::filesystem::path& output,
        const std::filesystem::path& side_directory
    );

    /// The note, if the last build had this key and every file is as it left it.
    std::optional<std::string> find(const std::string& key) const;
    /// `files`: all that was written. Errors: io.
    Result<void> write(
        const std::string& key,
        const std::vector<std::filesystem::path>& files,
        const std::string& note
    ) const;

 private:
    OutputRecord(FileLock lock, std::filesystem::path file)
        : lock_(std::move(lock)), file_(std::move(file)) {}

    FileLock lock_;
    std::filesystem::path file_;
    std::string output_;
    std::string side_directory_;
};

}  // namespace quern::image
