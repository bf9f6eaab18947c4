// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Content is hashed where the tar reader takes it from, so whatever reads it, or skips it, is
// checked.
#include "apk/data_visit.hpp"

#include "apk/data_rules.hpp"
#include "archive/tar_reader.hpp"
#include "support/cancel.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace quern::apk {

namespace {

using archive::TarEntry;
using archive::TarType;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

/// Hashes the content of one file while the tar reader takes it.
class ContentSource final : public archive::ByteSource {
 public:
    ContentSource(archive::ByteSource& source, const CancelToken* cancel)
        : source_(source), cancel_(cancel) {}

    /// What comes next is the content of `entry`. Errors: digest_mismatch for an empty file.
    Result<void> expect(const TarEntry& entry, const std::string& checksum) {
        path_ = entry.path;
        expected_ = checksum;
        left_ = entry.size;
        return left_ == 0 ? finish() : Result<void>();
    }

    Result<std::size_t> read(std::span<char> buffer) override {
        if (cancel_ != nullptr) {
            QUERN_CHECK(cancel_->check());
        }
        QUERN_TRY(const std::size_t count, source_.read(buffer));
        if (left_ != 0) {
            const std::size_t content = std::min<std::uint64_t>(count, left_);
            hasher_.update(std::string_view(buffer.data(), content));
            left_ -= content;
            if (left_ == 0) {
                QUERN_CHECK(finish());
            }
        }
        return count;
    }

 private:
    Result<void> finish() {
        if (hasher_.finish().hex() == to_lower(expected_)) {
            return {};
        }
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format("data section: '{}' is not what its checksum says", printable(path_))
        );
    }

    archive::ByteSource& source_;
    const CancelToken* cancel_;
    Hasher hasher_{DigestKind::sha1};
    std::string path_;
    std::string expected_;
    std::uint64_t left_ = 0;
};

/// The SHA-1 of a link's target. abuild hashes only the 100 bytes that a header holds: both are
/// right (apk-format 1.5).
Result<void> check_symlink(const TarEntry& entry) {
    constexpr std::size_t header_room = 100;
    const std::string* checksum = entry.record(checksum_record);
    if (checksum == nullptr) {
        return {};
    }
    const std::string expected = to_lower(*checksum);
    const std::string_view target = entry.link_target;
    if (digest_of(DigestKind::sha1, target).hex() == expected ||
        (target.size() > header_room &&
         digest_of(DigestKind::sha1, target.substr(0, header_room)).hex() == expected)) {
        return {};
    }
    return Error(
        ErrorCode::digest_mismatch,
        fmt::format(
            "data section: the target of '{}' is not what its checksum says", printable(entry.path)
        )
    );
}

Result<void> expect_content(const TarEntry& entry, ContentSource& content) {
    if (entry.type == TarType::symlink) {
        return check_symlink(entry);
    }
    if (entry.type != TarType::file) {
        return {};
    }
    const std::string* checksum = entry.record(checksum_record);
    if (checksum == nullptr) {
        return invalid(fmt::format(
            "data section: '{}' has no {} record, without which apk does not install it",
            printable(entry.path),
            checksum_record
        ));
    }
    return content.expect(entry, *checksum);
}

}  // namespace

Result<void> visit_data(
    archive::ByteSource& source, const PackageLimits& limits, const PackageFile::Visitor& visit
) {
    ContentSource content(source, limits.cancel);
    archive::TarReader tar(content, {.entries = limits.entries, .total_bytes = limits.data_bytes});
    DataRules rules;
    while (true) {
        QUERN_TRY(const std::optional<TarEntry> entry, tar.next());
        if (!entry) {
            return {};
        }
        QUERN_CHECK(rules.check(*entry));
        QUERN_CHECK(expect_content(*entry, content));
        if (visit) {
            QUERN_CHECK(visit(*entry, tar));
        }
    }
}

}  // namespace quern::apk
