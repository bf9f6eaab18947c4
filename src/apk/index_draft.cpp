// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The body of an index is a head (tar headers and DESCRIPTION), groups of records and a tail
// (padding and end blocks), each a chunk of the gzip member. Where a group ends is told by the
// names alone, so a package that is added changes the bytes of the head, of its own group and of
// the tail, wherever it comes to stand.
#include "apk/index_draft.hpp"

#include "apk/index_body.hpp"
#include "quern/index_table.hpp"
#include "quern/version.hpp"

#include <algorithm>
#include <compare>
#include <iterator>
#include <optional>
#include <utility>

namespace quern::apk {
namespace {

/// Total: versions that compare equal and are not the same text have an order, too.
std::strong_ordering compare(const IndexRecord& a, const IndexRecord& b) {
    if (a.name != b.name) {
        return a.name <=> b.name;
    }
    if (a.version == b.version) {
        return std::strong_ordering::equal;
    }
    const auto versions = compare_versions(a.version, b.version);
    return versions != 0 ? versions : a.version <=> b.version;
}

bool comes_before(const IndexRecord& a, const IndexRecord& b) {
    return compare(a, b) < 0;
}

/// The value of the line "<field>:…" at the start of `text`, which then begins behind it.
std::optional<std::string_view> take_line(std::string_view& text, char field) {
    if (text.size() < 2 || text[0] != field || text[1] != ':') {
        return std::nullopt;
    }
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view value = text.substr(2, end - 2);
    text.remove_prefix(end + 1);
    return value;
}

/// The first record of `text`, if it begins as ours do.
std::optional<IndexRecord> first_record(std::string_view text) {
    const std::size_t end = text.find("\n\n");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    IndexRecord record;
    record.text = text.substr(0, end + 2);
    std::string_view rest = record.text;
    const auto checksum = take_line(rest, 'C');
    const auto name = checksum ? take_line(rest, 'P') : std::nullopt;
    const auto version = name ? take_line(rest, 'V') : std::nullopt;
    if (!version || name->empty() || version->empty()) {
        return std::nullopt;
    }
    record.architecture = take_line(rest, 'A').value_or("");
    record.checksum = *checksum;
    record.name = *name;
    record.version = *version;
    return record;
}

}  // namespace

/// What was read, kept for its texts and for the chunks that can be used again.
struct IndexDraft::Origin {
    std::string bytes;  ///< the file
    archive::ChunkedMember member;
};

std::string IndexRecord::file_name() const {
    return std::string(name) + "-" + std::string(version) + ".apk";
}

IndexDraft::IndexDraft(const Index& index) : description_(index.description) {
    merge(index.entries);
}

const IndexRecord* IndexDraft::find(std::string_view name, std::string_view version) const {
    IndexRecord wanted;
    wanted.name = name;
    wanted.version = version;
    const auto place = std::lower_bound(records_.begin(), records_.end(), wanted, comes_before);
    return place != records_.end() && place->name == name && place->version == version ? &*place
                                                                                       : nullptr;
}

std::vector<IndexRecord> IndexDraft::print(std::span<const IndexEntry> entries) {
    std::string text;
    for (const IndexEntry& entry : entries) {
        text += entry.to_string();
        text += '\n';
    }
    texts_.push_back(std::make_shared<const std::string>(std::move(text)));
    std::vector<IndexRecord> records;
    records.reserve(entries.size());
    for (std::string_view rest = *texts_.back(); !rest.empty();) {
        const auto record = first_record(rest);
        QUERN_ASSERT(record.has_value());
        records.push_back(*record);
        rest.remove_prefix(record->text.size());
    }
    return records;
}

void IndexDraft::merge(std::span<const IndexEntry> additions) {
    merge(print(additions));
}

void IndexDraft::merge(std::vector<IndexRecord> additions) {
    std::stable_sort(additions.begin(), additions.end(), comes_before);
    std::vector<IndexRecord> merged;
    merged.reserve(records_.size() + additions.size());
    auto old = records_.begin();
    for (auto addition = additions.begin(); addition != additions.end(); ++addition) {
        if (std::next(addition) != additions.end() &&
            compare(*addition, *std::next(addition)) == 0) {
            continue;  // the later one counts
        }
        const auto place = std::lower_bound(old, records_.end(), *addition, comes_before);
        merged.insert(merged.end(), old, place);
        merged.push_back(*addition);
        old = place != records_.end() && compare(*place, *addition) == 0 ? std::next(place) : place;
    }
    merged.insert(merged.end(), old, records_.end());
    records_ = std::move(merged);
}

void IndexDraft::replace_all(std::vector<IndexRecord> records) {
    description_.clear();
    records_.clear();
    merge(std::move(records));
}

void IndexDraft::erase_if(const std::function<bool(const IndexRecord&)>& is_dropped) {
    std::erase_if(records_, is_dropped);
}

Result<Index> IndexDraft::to_index(const IndexLimits& limits) const {
    std::string text;
    for (const IndexRecord& record : records_) {
        text += record.text;
    }
    QUERN_TRY(Index index, Index::parse(text, limits));
    index.description = description_;
    return index;
}

Result<std::string> IndexDraft::write(const Signer* key, ThreadPool* pool) const {
    const archive::ChunkedMember none;
    return write_index_body(
        {.description = description_,
         .records = records_,
         .known = origin_ ? origin_->member : none,
         .pool = pool},
        key
    );
}

std::shared_ptr<const IndexDraft::Origin> IndexDraft::read_origin(
    std::string& bytes, std::size_t body_begin, const IndexLimits& limits
) {
    auto member =
        archive::read_chunks(std::string_view(bytes).substr(body_begin), limits.text_bytes);
    if (!member) {
        return nullptr;
    }
    // Chunks are views into the bytes, which stay where they are: a file is no short string.
    const char* const place = bytes.data();
    auto origin = std::make_shared<Origin>();
    origin->bytes = std::move(bytes);
    QUERN_ASSERT(origin->bytes.data() == place);
    origin->member = std::move(*member);
    return origin;
}

/// False if it is not what `write` makes.
bool IndexDraft::take_records(std::shared_ptr<const Origin> origin, const IndexLimits& limits) {
    auto content = split_index_body(origin->member);
    if (!content) {
        return false;
    }
    description_ = std::move(content->description);
    constexpr std::size_t usual_record = 400;
    records_.reserve(content->records.size() / usual_record);
    for (std::string_view rest = content->records; !rest.empty();) {
        const auto record = first_record(rest);
        if (!record || records_.size() >= limits.entries ||
            (!records_.empty() && !comes_before(records_.back(), *record))) {
            return false;
        }
        records_.push_back(*record);
        rest.remove_prefix(record->text.size());
    }
    origin_ = std::move(origin);
    return true;
}

Result<IndexDraft> read_index_draft(
    std::string bytes, const Keyring& keyring, const IndexLimits& limits
) {
    QUERN_TRY(const VerifiedBody verified, verified_index_body(bytes, &keyring, limits));
    const std::string_view body = verified.bytes;
    const std::size_t body_begin = bytes.size() - body.size();
    auto origin = IndexDraft::read_origin(bytes, body_begin, limits);
    IndexDraft draft;
    if (origin && draft.take_records(origin, limits)) {
        return draft;
    }
    QUERN_TRY(const IndexFile file, read_index(origin ? origin->bytes : bytes, nullptr, limits));
    return IndexDraft(file.index);
}

}  // namespace quern::apk
