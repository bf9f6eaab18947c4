// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/extract_stream.hpp"

#include "archive/extract_functions.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace quern::archive {

namespace {

using ArchiveReader = Handle<::archive, archive_read_free>;

constexpr std::size_t piece_bytes = 64U << 10U;
constexpr std::uint64_t ratio_is_looked_at_from = std::uint64_t{64} << 20U;

}  // namespace

// libarchive's "raw" format gives what its filters make of the stream, as the one entry of an
// archive: the tar inside is ours to read.
struct InflatedRange::State {
    FdRange range;
    ExtractLimits limits;
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    int read_error = 0;
    bool is_empty = false;  ///< nothing came out of the filters
    std::array<char, piece_bytes> piece{};
    ArchiveReader reader{archive_read_new()};

    static la_ssize_t feed(::archive* reader, void* data, const void** bytes);
    Error failure(std::string_view action) const;
};

la_ssize_t InflatedRange::State::feed(::archive* reader, void* data, const void** bytes) {
    auto* state = static_cast<State*>(data);
    const std::uint64_t left = state->range.size - state->taken;
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, state->piece.size()));
    ssize_t count = 0;
    do {
        count = ::pread(
            state->range.fd,
            state->piece.data(),
            wanted,
            static_cast<off_t>(state->range.offset + state->taken)
        );
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        state->read_error = errno;
        archive_set_error(reader, state->read_error, "reading failed");
        return -1;
    }
    state->taken += static_cast<std::uint64_t>(count);
    *bytes = state->piece.data();
    return count;
}

Error InflatedRange::State::failure(std::string_view action) const {
    if (read_error != 0) {
        return Error::system(read_error, action);
    }
    const char* reason = archive_error_string(reader.get());
    return {
        ErrorCode::invalid_data,
        fmt::format("{}: {}", action, reason != nullptr ? reason : "damaged data")};
}

InflatedRange::InflatedRange(std::unique_ptr<State> state) : state_(std::move(state)) {}
InflatedRange::~InflatedRange() = default;

Result<std::unique_ptr<InflatedRange>> InflatedRange::open(
    const FdRange& range, const ExtractLimits& limits
) {
    QUERN_CHECK(load_libarchive());
    auto state = std::make_unique<State>();
    state->range = range;
    state->limits = limits;
    ::archive* reader = state->reader.get();
    if (reader == nullptr) {
        return Error(ErrorCode::io, "no memory for a decompressor");
    }
    // A filter that this libarchive hands to a program (ARCHIVE_WARN) must not run one: those are
    // not asked for.
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_lzma(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_filter_lz4(reader);
    archive_read_support_format_raw(reader);
    archive_read_support_format_empty(reader);
    if (archive_read_open(reader, state.get(), nullptr, &State::feed, nullptr) != ARCHIVE_OK) {
        return state->failure("starting to decompress");
    }
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader, &entry);
    if (status != ARCHIVE_OK && status != ARCHIVE_EOF) {
        return state->failure("starting to decompress");
    }
    state->is_empty = status == ARCHIVE_EOF;
    return std::unique_ptr<InflatedRange>(new InflatedRange(std::move(state)));
}

Result<std::size_t> InflatedRange::read(std::span<char> buffer) {
    if (state_->is_empty) {
        return std::size_t{0};
    }
    const la_ssize_t count = archive_read_data(state_->reader.get(), buffer.data(), buffer.size());
    if (count < 0) {
        return state_->failure("decompressing");
    }
    state_->given += static_cast<std::uint64_t>(count);
    if (state_->given > state_->limits.total_bytes) {
        return Error(
            ErrorCode::limit,
            "more bytes come out of the archive than --max-archive-total-bytes allows"
        );
    }
    if (state_->given > ratio_is_looked_at_from &&
        state_->given / state_->limits.ratio > state_->taken) {
        return Error(
            ErrorCode::limit, "the archive unpacks to more than --max-archive-ratio times its size"
        );
    }
    return static_cast<std::size_t>(count);
}

}  // namespace quern::archive
