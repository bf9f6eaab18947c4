// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quern::archive {

/// Times of the members of a zip archive that are given as a local time only. libarchive reads
/// those in the time zone of the process, which would make the tree depend on it; here they are
/// taken as UTC.
class ZipTimes {
 public:
    /// Reads the central directory. Anything that is not understood is left out: the archive is
    /// judged by who unpacks it. Errors: io.
    static Result<ZipTimes> read(int archive_fd);
    /// Seconds since 1970; nothing if the member has a time of its own that is free of zones, or is
    /// not known.
    std::optional<std::int64_t> find(const std::string& name) const;

 private:
    void add_members(std::string_view directory);
    std::unordered_map<std::string, std::int64_t> times_;
};

}  // namespace quern::archive
