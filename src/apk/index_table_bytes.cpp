// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A table as bytes: a header, the records of each kind, the text. What is read is looked through
// once, so that numbers and places stay within it whatever it says.
#include "apk/index_table_storage.hpp"
#include "apk/name_table.hpp"
#include "archive/gzip_checksum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

namespace quern::apk {

namespace {

/// Who wrote the bytes, and how many records there are.
struct Header {
    char format[16] = {'q', 'u', 'e', 'r', 'n', ' ', 't', 'a', 'b', 'l', 'e', ' ', '1'};
    std::uint32_t probe = hash_of_name("so:libc.musl-x86_64.so.1");  ///< byte order and hash
    std::uint32_t checksum = 0;  ///< of all behind the header, and of the header with 0 here
    std::uint64_t packages = 0;
    std::uint64_t names = 0;
    std::uint64_t provided = 0;
    std::uint64_t slots = 0;
    std::uint64_t candidates = 0;
    std::uint64_t text = 0;  ///< bytes
    std::uint64_t relations = 0;
    std::uint64_t longest_line = 0;

    /// Of all behind it; nothing that can be wraps, as each count is below 2^32.
    std::uint64_t body_size() const {
        return packages * sizeof(PackageRecord) + names * sizeof(NameRecord) +
               provided * sizeof(ProvidedRecord) +
               (slots + names + 1 + candidates) * sizeof(std::uint32_t) + text;
    }
    bool has_small_counts() const {
        return std::max({packages, names, provided, slots, candidates, text}) <= UINT32_MAX;
    }
};

template <typename Record>
std::string_view bytes_of(std::span<const Record> records) {
    static_assert(std::has_unique_object_representations_v<Record>);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
    return {reinterpret_cast<const char*>(records.data()), records.size_bytes()};
}

template <typename Record>
void take(std::string_view& bytes, std::uint64_t count, std::span<const Record>& records) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): aligned, by the order of records
    records = {reinterpret_cast<const Record*>(bytes.data()), static_cast<std::size_t>(count)};
    bytes.remove_prefix(records.size_bytes());
}

std::uint32_t checksum_of(Header header, std::span<const std::string_view> pieces) {
    header.checksum = 0;
    std::uint32_t checksum = archive::gzip_checksum(bytes_of(std::span<const Header>(&header, 1)));
    for (const std::string_view piece : pieces) {
        checksum = archive::gzip_checksum(piece, checksum);
    }
    return checksum;
}

bool is_whole(const Header& header, std::string_view body) {
    const Header ours;
    return std::memcmp(header.format, ours.format, sizeof ours.format) == 0 &&
           header.probe == ours.probe && header.has_small_counts() &&
           header.body_size() == body.size() && header.checksum == checksum_of(header, {&body, 1});
}

bool is_within(const Header& header, const IndexLimits& limits) {
    return header.text <= limits.text_bytes && header.packages <= limits.entries &&
           header.relations <= limits.relations && header.longest_line <= limits.line_bytes;
}

}  // namespace

Result<void> IndexTable::write(const std::function<Result<void>(std::string_view)>& sink) const {
    const Storage& storage = *storage_;
    Header header;
    header.packages = storage.packages.size();
    header.names = storage.names.size();
    header.provided = storage.provided.size();
    header.slots = storage.slots.size();
    header.candidates = storage.candidates.size();
    header.text = storage.text.size() + storage.more_text.size();
    header.relations = storage.relations;
    header.longest_line = storage.longest_line;
    const std::array<std::string_view, 8> pieces = {
        bytes_of(storage.packages),
        bytes_of(storage.names),
        bytes_of(storage.provided),
        bytes_of(storage.slots),
        bytes_of(storage.first_candidate),
        bytes_of(storage.candidates),
        storage.text,
        storage.more_text};
    header.checksum = checksum_of(header, pieces);
    QUERN_CHECK(sink(bytes_of(std::span<const Header>(&header, 1))));
    for (const std::string_view piece : pieces) {
        QUERN_CHECK(sink(piece));
    }
    return {};
}

std::optional<IndexTable> IndexTable::from_bytes(
    std::shared_ptr<const void> owner, std::string_view bytes, const IndexLimits& limits
) {
    Header header;
    if (bytes.size() < sizeof header || std::bit_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
        return std::nullopt;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    if (!is_whole(header, bytes) || !is_within(header, limits)) {
        return std::nullopt;
    }
    auto storage = std::make_shared<Storage>();
    take(bytes, header.packages, storage->packages);
    take(bytes, header.names, storage->names);
    take(bytes, header.provided, storage->provided);
    take(bytes, header.slots, storage->slots);
    take(bytes, header.names + 1, storage->first_candidate);
    take(bytes, header.candidates, storage->candidates);
    storage->owner = std::move(owner);
    storage->text = bytes;
    storage->relations = header.relations;
    storage->longest_line = header.longest_line;
    if (!storage->is_consistent()) {
        return std::nullopt;
    }
    return IndexTable(std::move(storage));
}

bool IndexTable::Storage::is_consistent() const {
    const auto holds = [this](const TextRange& range) {
        return std::uint64_t{range.begin} + range.size <= text.size();
    };
    std::uint32_t begin = 0;
    const auto is_good = [&](const PackageRecord& package) {
        const bool is_after = begin <= package.end_provided;
        begin = package.end_provided;
        return is_after && package.name < names.size() && holds(package.record) &&
               holds(package.version) && holds(package.origin) && holds(package.depends) &&
               holds(package.install_if);
    };
    return std::all_of(packages.begin(), packages.end(), is_good) && begin == provided.size() &&
           std::all_of(
               names.begin(), names.end(), [&](const NameRecord& one) { return holds(one.text); }
           ) &&
           std::all_of(
               provided.begin(),
               provided.end(),
               [&](const ProvidedRecord& one) {
                   return one.name < names.size() && holds(one.version);
               }
           ) &&
           std::has_single_bit(slots.size()) &&
           std::all_of(
               slots.begin(),
               slots.end(),
               [this](std::uint32_t one) { return one < names.size() || one == no_id; }
           ) &&
           std::is_sorted(first_candidate.begin(), first_candidate.end()) &&
           first_candidate.back() == candidates.size() &&
           std::all_of(candidates.begin(), candidates.end(), [this](std::uint32_t one) {
               return one < packages.size();
           });
}

}  // namespace quern::apk
