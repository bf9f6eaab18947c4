// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index_table.hpp"
#include "support/digest.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

namespace quern::repository {

/// Tables of indexes that were read before, one file for each place an index comes from. Each says
/// of which signed bytes it was made and is taken for no others, so a signature is checked before
/// a table is asked for. A table follows from those bytes, as a root tree does from its packages;
/// a damaged one is not used, nor one that another user owns or may write. Processes share a
/// directory; it may be deleted at any time.
class IndexTableCache {
 public:
    explicit IndexTableCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// Nothing if there is none for exactly these bytes, or it is beyond the limits.
    std::optional<apk::IndexTable> find(
        std::string_view place, const Digest& bytes, const apk::IndexLimits& limits
    ) const;
    /// Takes the place of an older one. A disk that is full costs the next reader time, no more.
    void keep(std::string_view place, const Digest& bytes, const apk::IndexTable& table) const;

 private:
    std::filesystem::path path_of(std::string_view place) const;
    std::filesystem::path directory_;
};

}  // namespace quern::repository
