// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/index_body.hpp"

#include "apk/signature_section.hpp"
#include "archive/byte_stream.hpp"
#include "archive/tar_writer.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace quern::apk {
namespace {

// An index is written anew for each package that is published: half the time of the default level
// for 4 % more bytes (README, "Measured").
constexpr int gzip_level = 1;
constexpr std::size_t block = 512;

using Group = std::span<const IndexRecord>;

/// Whether a group of records begins with this name: one name of 256, told by nothing else, so that
/// a change moves no border but its own. Source: FNV-1a, 32 bits; the last step spreads the low
/// bits.
bool begins_group(std::string_view name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    hash ^= hash >> 15U;
    return (hash & 0xffU) == 0;
}

std::vector<Group> cut_in_groups(std::span<const IndexRecord> records) {
    std::vector<Group> groups;
    std::size_t begin = 0;
    for (std::size_t i = 1; i < records.size(); ++i) {
        if (records[i].name != records[i - 1].name && begins_group(records[i].name)) {
            groups.push_back(records.subspan(begin, i - begin));
            begin = i;
        }
    }
    if (begin < records.size()) {
        groups.push_back(records.subspan(begin));
    }
    return groups;
}

archive::TarEntry index_file(std::string name, std::uint64_t size) {
    archive::TarEntry entry;
    entry.path = std::move(name);
    entry.mode = 0644;
    entry.user_name = "root";
    entry.group_name = "root";
    entry.size = size;
    return entry;
}

/// Everything before the records.
Result<std::string> make_head(std::string_view description, std::uint64_t records_size) {
    archive::StringSink tar;
    archive::TarWriter writer(tar);
    QUERN_CHECK(writer.add(index_file("DESCRIPTION", description.size()), description));
    QUERN_CHECK(writer.add(index_file("APKINDEX", records_size)));
    return tar.take();
}

/// Everything behind them: padding and two zero blocks.
std::string make_tail(std::uint64_t records_size) {
    return std::string((block - records_size % block) % block + 2 * block, '\0');
}

/// The text of a group: where it stands if its records lie one behind the other, else `copy`.
std::string_view text_of(Group group, std::string& copy) {
    const char* const begin = group.front().text.data();
    const char* next = begin;
    const bool is_whole = std::all_of(group.begin(), group.end(), [&](const IndexRecord& record) {
        const bool follows = record.text.data() == next;
        next = record.text.data() + record.text.size();
        return follows;
    });
    if (is_whole) {
        return {begin, static_cast<std::size_t>(next - begin)};
    }
    for (const IndexRecord& record : group) {
        copy += record.text;
    }
    return copy;
}

/// A piece of the member, made or used again.
struct Piece {
    std::string_view known;
    archive::GzipChunk made;
    std::uint32_t crc = 0;
    std::size_t text_size = 0;

    std::string_view bytes() const { return known.empty() ? made.bytes : known; }
    void take(archive::GzipChunk chunk) {
        crc = chunk.crc;
        text_size = chunk.text_size;
        made = std::move(chunk);
    }
};

class BodyWriter {
 public:
    explicit BodyWriter(const IndexBody& body) : body_(body) {
        for (const archive::ChunkPlace& chunk : body.known.chunks) {
            known_.emplace(body.known.text.data() + chunk.text_begin, &chunk);
        }
    }

    Result<std::string> write() {
        const std::vector<Group> groups = cut_in_groups(body_.records);
        pieces_.resize(groups.size());
        QUERN_CHECK(for_each(groups.size(), [&](std::size_t i) -> Result<void> {
            make_piece(groups[i], pieces_[i]);
            return {};
        }));
        std::uint64_t records_size = 0;
        for (const Piece& piece : pieces_) {
            records_size += piece.text_size;
        }
        QUERN_TRY(const std::string head, make_head(body_.description, records_size));
        archive::ChunkCompressor compressor(gzip_level, head.size());
        Piece first;
        Piece last;
        first.take(compressor.compress(head));
        last.take(compressor.compress(make_tail(records_size)));
        pieces_.insert(pieces_.begin(), std::move(first));
        pieces_.push_back(std::move(last));
        return join();
    }

 private:
    Result<void> for_each(std::size_t count, const std::function<Result<void>(std::size_t)>& make)
        const {
        // One group that changed is not worth waking a thread.
        if (body_.pool != nullptr && known_.empty()) {
            return body_.pool->for_each_index(count, make);
        }
        for (std::size_t i = 0; i < count; ++i) {
            QUERN_CHECK(make(i));
        }
        return {};
    }

    void make_piece(Group group, Piece& piece) const {
        std::string copy;
        const std::string_view text = text_of(group, copy);
        const auto known = known_.find(text.data());
        if (known != known_.end() && known->second->text_size == text.size()) {
            piece.known = known->second->bytes;
            piece.crc = known->second->crc;
            piece.text_size = text.size();
        } else {
            piece.take(archive::ChunkCompressor(gzip_level, text.size()).compress(text));
        }
    }

    std::string join() const {
        archive::MemberFrame frame;
        std::string bytes(archive::MemberFrame::header());
        std::size_t size = bytes.size();
        for (const Piece& piece : pieces_) {
            size += piece.bytes().size();
        }
        bytes.reserve(size + block);
        for (const Piece& piece : pieces_) {
            bytes += piece.bytes();
            frame.count(piece.crc, piece.text_size);
        }
        bytes += frame.end();
        return bytes;
    }

    const IndexBody& body_;
    std::map<const char*, const archive::ChunkPlace*> known_;  ///< by where their text begins
    std::vector<Piece> pieces_;
};

}  // namespace

Result<std::string> write_index_body(const IndexBody& body, const Signer* key) {
    QUERN_TRY(std::string bytes, BodyWriter(body).write());
    return key == nullptr ? Result<std::string>(std::move(bytes)) : sign_member(bytes, *key);
}

std::optional<IndexBodyContent> split_index_body(const archive::ChunkedMember& member) {
    if (member.chunks.size() < 2) {
        return std::nullopt;
    }
    const std::string_view head = member.text.substr(0, member.chunks.front().text_size);
    const std::size_t tail_begin = member.chunks.back().text_begin;
    IndexBodyContent content;
    content.records = member.text.substr(head.size(), tail_begin - head.size());
    // The number in the first header is the length of the description, octal.
    constexpr std::size_t size_field = 124;
    constexpr std::size_t size_digits = 11;
    if (head.size() < 2 * block) {
        return std::nullopt;
    }
    std::size_t description_size = 0;
    for (const char digit : head.substr(size_field, size_digits)) {
        description_size = description_size * 8 + (static_cast<unsigned char>(digit) & 7U);
    }
    content.description = head.substr(block, description_size);
    // Whatever else stands there: it is ours if we would write the same.
    const auto expected = make_head(content.description, content.records.size());
    return expected && *expected == head &&
                   make_tail(content.records.size()) == member.text.substr(tail_begin)
               ? std::optional(std::move(content))
               : std::nullopt;
}

}  // namespace quern::apk
