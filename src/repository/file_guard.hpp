// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace quern::repository {

/// What is known of package files since they were read: a file of the same size, time of change and
/// inode is taken to hold the same package. A convenience only: whoever must know reads the files
/// (`index --verify`, `verify`). A damaged or missing guard knows nothing.
class FileGuard {
 public:
    /// Never fails: what cannot be read is empty.
    static FileGuard read(const std::filesystem::path& path);
    /// Lines that are none of ours are passed over.
    static FileGuard parse(std::string_view text);
    std::string to_string() const;
    /// Errors: io.
    Result<void> write(const std::filesystem::path& path) const;

    bool is_empty() const { return files_.empty(); }
    /// Identity ("Q1…") of the package in `file`, if the file is as it was.
    std::optional<std::string> checksum_of(const std::filesystem::path& file) const;
    /// Remembers the file as it is now. One that changed within the last seconds is left out: it
    /// could change again without a new time.
    void note(const std::filesystem::path& file, const std::string& checksum);

 private:
    struct State {
        std::int64_t size = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        std::uint64_t inode = 0;

        static std::optional<State> of(const std::filesystem::path& file);
        friend bool operator==(const State&, const State&) = default;
    };
    struct Known {
        State state;
        std::string checksum;
    };
    std::map<std::string, Known> files_;  ///< by absolute path
};

}  // namespace quern::repository
