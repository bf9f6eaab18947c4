// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// An index file is one gzip member with the files APKINDEX and DESCRIPTION, and in front of it, if
// it is signed, a member with signatures over all the bytes behind. With a keyring the second
// member is not even inflated before the signature holds (apk-format 2).
#include "quern/index.hpp"

#include "apk/index_body.hpp"
#include "apk/signature_section.hpp"
#include "archive/byte_stream.hpp"
#include "archive/gzip_reader.hpp"
#include "quern/index_table.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

namespace quern::apk {

namespace {

constexpr std::uint64_t longest_signature_section = std::uint64_t{1} << 20U;
constexpr std::uint64_t longest_description = std::uint64_t{1} << 20U;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

/// An index file cut in two. Views into the bytes given.
struct Members {
    std::vector<Signature> signatures;
    bool has_signature_section = false;
    std::string_view body;  ///< compressed; what signatures are made over
};

/// The inflated first member as far as `limit`, and where the next begins.
struct FirstMember {
    std::string text;
    bool is_complete = false;
    std::uint64_t end = 0;
};

/// A member that is longer than a signature section can be is the body: it is not read further.
Result<FirstMember> read_first_member(std::string_view bytes) {
    archive::StringSource source(bytes);
    archive::GzipReader reader(source, {.output_bytes = UINT64_MAX});
    FirstMember first;
    QUERN_TRY(const bool any, reader.next_member());
    if (!any) {
        return invalid("APKINDEX.tar.gz is empty");
    }
    std::array<char, 16384> buffer;
    while (first.text.size() <= longest_signature_section) {
        QUERN_TRY(const std::size_t count, reader.read(buffer));
        if (count == 0) {
            first.is_complete = true;
            first.end = reader.source_offset();
            return first;
        }
        first.text.append(buffer.data(), count);
        if (!is_signature_name(first.text)) {
            return first;  // tar begins with the name of its first entry
        }
    }
    return first;
}

Result<Members> split_members(std::string_view bytes) {
    QUERN_TRY(const FirstMember first, read_first_member(bytes));
    Members members;
    members.body = bytes;
    if (!first.is_complete || !is_signature_name(first.text)) {
        if (is_signature_name(first.text)) {
            return invalid("signature section: more than 1 MiB");
        }
        return members;
    }
    members.has_signature_section = true;
    QUERN_TRY(members.signatures, parse_signature_section(first.text));
    members.body = bytes.substr(first.end);
    if (members.body.empty()) {
        return invalid("APKINDEX.tar.gz holds signatures and nothing behind them");
    }
    return members;
}

/// Bytes of a text of unknown length. Memory is not touched before it is filled: for an index that
/// costs more than to inflate it.
class TextRoom {
 public:
    explicit TextRoom(std::size_t size)
        : room_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}

    /// Where the next bytes go; never empty.
    std::span<char> free() {
        if (filled_ == size_) {
            TextRoom larger(2 * size_);
            std::copy_n(room_.get(), filled_, larger.room_.get());
            larger.filled_ = filled_;
            *this = std::move(larger);
        }
        return {room_.get() + filled_, size_ - filled_};
    }
    void fill(std::size_t count) { filled_ += count; }
    std::string_view text() const { return {room_.get(), filled_}; }

 private:
    std::unique_ptr<char[]> room_;  // NOLINT(modernize-avoid-c-arrays): not to be zeroed
    std::size_t size_;
    std::size_t filled_ = 0;
};

/// Room for what the trailer of a gzip member says, if its size allows for that.
std::size_t likely_size(std::string_view member) {
    constexpr std::size_t highest_ratio = 1032;  // of deflate
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4 && member.size() >= 4; ++i) {
        size |= std::size_t{static_cast<unsigned char>(member[member.size() - 4 + i])} << (8 * i);
    }
    return std::min(size, highest_ratio * member.size()) + 1;
}

Result<TextRoom> inflate_body(std::string_view body, const IndexLimits& limits) {
    archive::StringSource source(body);
    // Room for the tar headers, padding and the description beside the text itself.
    const std::uint64_t most = limits.text_bytes + 2 * longest_description;
    archive::GzipReader reader(source, {.output_bytes = most});
    QUERN_TRY(const bool any, reader.next_member());
    if (!any) {
        return invalid("APKINDEX.tar.gz has no content");
    }
    TextRoom room(std::min<std::uint64_t>(likely_size(body), most + 1));
    while (true) {
        QUERN_TRY(const std::size_t count, reader.read(room.free()));
        if (count == 0) {
            break;
        }
        room.fill(count);
    }
    if (reader.source_offset() != body.size()) {
        return invalid(
            "APKINDEX.tar.gz: bytes or a further gzip member behind the index, which apk 3 refuses"
        );
    }
    return room;
}

/// The inflated body and what stands in it.
struct BodyText {
    TextRoom room;
    std::string_view records;  ///< APKINDEX
    std::string_view description;
};

Result<BodyText> read_body(std::string_view body, const IndexLimits& limits) {
    auto room = inflate_body(body, limits);
    if (!room) {
        Error error = std::move(room).error().context("APKINDEX.tar.gz");
        return error.code() == ErrorCode::limit
                   ? std::move(error).help("raise the limit with --max-index-text-bytes")
                   : error;
    }
    BodyText text{std::move(*room), {}, {}};
    bool found = false;
    const auto take = [&](const archive::TarEntry& entry,
                          std::string_view content) -> Result<void> {
        if (entry.path == "APKINDEX") {
            found = true;
            text.records = content;
            return {};
        }
        if (entry.path != "DESCRIPTION") {
            return invalid(fmt::format(
                "APKINDEX.tar.gz: '{}' does not belong in an index", printable(entry.path)
            ));
        }
        if (content.size() > longest_description) {
            return invalid("APKINDEX.tar.gz: DESCRIPTION has more than 1 MiB");
        }
        text.description = content;
        return {};
    };
    QUERN_CHECK(view_small_tar(text.room.text(), "index", false, take));
    if (!found) {
        return invalid("APKINDEX.tar.gz holds no APKINDEX");
    }
    return text;
}

struct Verified {
    std::string by;
    std::string sha256;  ///< raw; empty unless one of the signatures is over it
};

Result<Verified> verify(const Members& members, const Keyring& keyring) {
    if (!members.has_signature_section) {
        return Error(ErrorCode::signature, "the index is not signed")
            .help(
                "sign it with 'quern sign-index', or read it with --ignore-signatures if you trust "
                "where it comes from"
            );
    }
    SignedDigests digests(members.signatures);
    digests.update(members.body);
    Verified verified;
    QUERN_TRY(verified.by, keyring.verify(members.signatures, digests));
    const auto is_over_sha256 = [](const Signature& one) {
        return one.kind == SignatureKind::rsa256;
    };
    if (std::any_of(members.signatures.begin(), members.signatures.end(), is_over_sha256)) {
        verified.sha256 = digests.digest(SignatureKind::rsa256);
    }
    return verified;
}

Result<Members> split_within(std::string_view bytes, const IndexLimits& limits) {
    if (bytes.size() > limits.file_bytes) {
        return Error(
                   ErrorCode::limit,
                   fmt::format("APKINDEX.tar.gz has more than {} bytes", limits.file_bytes)
        )
            .help("raise the limit with --max-index-file-bytes");
    }
    return split_members(bytes);
}

}  // namespace

Result<IndexFile> read_index(
    std::string_view bytes, const Keyring* keyring, const IndexLimits& limits
) {
    QUERN_TRY(Members members, split_within(bytes, limits));
    IndexFile file;
    if (keyring != nullptr) {
        QUERN_TRY(Verified verified, verify(members, *keyring));
        file.verified_by = std::move(verified.by);
    }
    QUERN_TRY(const BodyText text, read_body(members.body, limits));
    QUERN_TRY(file.index, Index::parse(text.records, limits));
    file.index.description = text.description;
    file.signatures = std::move(members.signatures);
    return file;
}

Result<VerifiedBody> verified_index_body(
    std::string_view bytes, const Keyring* keyring, const IndexLimits& limits
) {
    QUERN_TRY(const Members members, split_within(bytes, limits));
    VerifiedBody body;
    body.bytes = members.body;
    if (keyring != nullptr) {
        QUERN_TRY(Verified verified, verify(members, *keyring));
        body.by = std::move(verified.by);
        body.sha256 = std::move(verified.sha256);
    }
    return body;
}

Result<IndexTable> read_index_table(std::string_view body, const IndexLimits& limits) {
    QUERN_TRY(BodyText text, read_body(body, limits));
    const std::string_view records = text.records;
    const auto owner = std::make_shared<const TextRoom>(std::move(text.room));
    return IndexTable::parse(owner, records, limits);
}

Result<std::string> write_index(const Index& index, const Signer* key) {
    const std::string text = index.to_string();
    std::vector<IndexRecord> records;
    records.reserve(index.entries.size());
    std::string_view rest = text;
    for (const IndexEntry& entry : index.entries) {
        const std::size_t size = rest.find("\n\n") + 2;
        IndexRecord& record = records.emplace_back();
        record.name = entry.name;
        record.text = rest.substr(0, size);
        rest.remove_prefix(size);
    }
    const archive::ChunkedMember none;
    return write_index_body(
        {.description = index.description, .records = records, .known = none}, key
    );
}

Result<std::string> sign_index(std::string_view bytes, const Signer& key) {
    QUERN_TRY(const Members members, split_members(bytes));
    // What is signed should be an index: a signature says that its maker has looked at it.
    QUERN_TRY([[maybe_unused]] const IndexTable checked, read_index_table(members.body, {}));
    return sign_member(members.body, key);
}

}  // namespace quern::apk
