// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index_table.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// A part of the text.
struct TextRange {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
};

struct NameRecord {
    TextRange text;
    std::uint32_t hash = 0;
};

struct ProvidedRecord {
    std::uint32_t name = 0;
    TextRange version;
};

struct PackageRecord {
    std::uint64_t provider_priority = 0;
    TextRange record, version, origin, depends, install_if;
    std::uint32_t name = 0;
    std::uint32_t end_provided = 0;  ///< begins where that of the package before ends
};

/// What a table that was made here keeps itself.
struct MadeRecords {
    std::vector<PackageRecord> packages;
    std::vector<NameRecord> names;
    std::vector<ProvidedRecord> provided;
    std::vector<std::uint32_t> slots;
    std::vector<std::uint32_t> first_candidate;
    std::vector<std::uint32_t> candidates;
    std::string more_text;
};

/// Everything of a table, of its own or in bytes that somebody keeps.
struct IndexTable::Storage {
    std::shared_ptr<const void> owner;
    MadeRecords made;
    std::string_view text;
    std::string_view more_text;  ///< behind the text: versions that do not stand in it
    std::span<const PackageRecord> packages;
    std::span<const NameRecord> names;
    std::span<const ProvidedRecord> provided;
    std::span<const std::uint32_t> slots;  ///< numbers of names by hash, open addressing, or no_id
    std::span<const std::uint32_t> first_candidate;  ///< by name, one more than names
    std::span<const std::uint32_t> candidates;
    std::uint64_t relations = 0;
    std::uint64_t longest_line = 0;

    std::string_view view(const TextRange& range) const {
        return range.begin < text.size() ? text.substr(range.begin, range.size)
                                         : more_text.substr(range.begin - text.size(), range.size);
    }
    /// Numbers and places stay within.
    bool is_consistent() const;
    std::uint32_t first_provided(std::size_t package) const {
        return package == 0 ? 0 : packages[package - 1].end_provided;
    }
};

}  // namespace quern::apk
