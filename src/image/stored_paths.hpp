// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/extract.hpp"
#include "quern/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quern::image {

/// The path of a layer's entry without what tar writers put around it: "./", "/" in front or
/// behind. Empty for the root.
std::string plain_path(std::string_view path);

/// An entry that takes away what is below its layer.
struct Whiteout {
    std::string path;        ///< what goes
    bool is_opaque = false;  ///< what is in this directory goes, itself stays
};
/// Nothing for any other entry. `path` is plain. Source: OCI image-spec 1.1 layer.md, "Whiteouts".
std::optional<Whiteout> whiteout_of(const std::string& path);

/// Counts the entries of all layers of an image.
class EntryCount {
 public:
    explicit EntryCount(const archive::ExtractLimits& limits) : limit_(limits.entries) {}
    /// Errors: limit (names the flag).
    Result<void> add();

 private:
    std::uint64_t limit_;
    std::uint64_t count_ = 0;
};

}  // namespace quern::image
