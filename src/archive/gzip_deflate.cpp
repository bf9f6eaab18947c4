// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_deflate.hpp"

#include "archive/inflate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace quern::archive {
namespace {

constexpr std::size_t input_size = std::size_t{128} << 10U;

Error damaged(std::string_view what) {
    return {ErrorCode::invalid_data, fmt::format("damaged deflate data: {}", what)};
}

}  // namespace

struct DeflateReader::State {
    State(ByteSource& input, const GzipLimits& bounds) : source(input), limits(bounds) {
        in.resize(input_size);
        isal_inflate_init(&inflater);
        inflater.crc_flag = ISAL_DEFLATE;
    }

    Result<void> refill();
    Result<std::size_t> inflate(std::span<char> buffer);
    Result<void> check_end();

    ByteSource& source;
    GzipLimits limits;
    std::vector<char> in;
    std::size_t begin = 0;  ///< first byte of `in` that was not taken
    std::size_t end = 0;    ///< behind the last byte of `in`
    bool is_drained = false;
    bool is_finished = false;
    std::uint64_t consumed = 0;
    std::uint64_t produced = 0;
    inflate_state inflater;  // 90 KB that isal_inflate_init sets as far as needed
};

Result<void> DeflateReader::State::refill() {
    if (begin == end && !is_drained) {
        QUERN_TRY(end, source.read(in));
        begin = 0;
        consumed += end;
        is_drained = end == 0;
    }
    return {};
}

/// ISA-L runs ahead by up to eight bytes, which it keeps in its bit buffer.
Result<void> DeflateReader::State::check_end() {
    is_finished = true;
    bool has_more = begin != end || inflater.read_in_length >= 8;
    if (!has_more) {
        QUERN_CHECK(refill());
        has_more = begin != end;
    }
    return has_more ? damaged("something stands behind it") : Result<void>();
}

Result<std::size_t> DeflateReader::State::inflate(std::span<char> buffer) {
    while (true) {
        QUERN_CHECK(refill());
        const auto taken = inflate_some(inflater, {in.data() + begin, end - begin}, buffer);
        if (!taken) {
            return damaged("its blocks are not valid");
        }
        begin += *taken;
        const std::size_t made = buffer.size() - inflater.avail_out;
        produced += made;
        QUERN_CHECK(check_inflated("deflate", limits, consumed, produced));
        if (inflater.block_state == ISAL_BLOCK_FINISH) {
            QUERN_CHECK(check_end());
            return made;
        }
        if (made != 0) {
            return made;
        }
        if (is_drained && begin == end) {
            return damaged("it is truncated");
        }
    }
}

DeflateReader::DeflateReader(ByteSource& source, const GzipLimits& limits)
    : state_(std::make_unique<State>(source, limits)) {}

DeflateReader::~DeflateReader() = default;

Result<std::size_t> DeflateReader::read(std::span<char> buffer) {
    constexpr std::size_t most = std::size_t{1} << 30U;  // ISA-L counts in 32 bits
    if (buffer.empty() || state_->is_finished) {
        return std::size_t{0};
    }
    return state_->inflate(buffer.first(std::min(buffer.size(), most)));
}

}  // namespace quern::archive
