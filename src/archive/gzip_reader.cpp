// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_reader.hpp"

#include "archive/inflate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <vector>

// ISA-L inflates the deflate part; the gzip header and trailer are read here, because the tap needs
// the exact end of each member and ISA-L runs up to eight bytes ahead of it. Those bytes are given
// back: the input buffer keeps the last bytes of what was there before it was filled again
// ("headroom"), and the tap is told about bytes only when they cannot be given back any more.

namespace quern::archive {
namespace {

constexpr std::size_t headroom = 16;
constexpr std::size_t first_input_size = std::size_t{16} << 10U;  ///< a control section is small
constexpr std::size_t input_size = std::size_t{128} << 10U;
constexpr std::size_t output_size = std::size_t{128} << 10U;

// Bits of FLG. Source: RFC 1952 2.3.1.
constexpr unsigned flag_header_crc = 2;
constexpr unsigned flag_extra = 4;
constexpr unsigned flag_name = 8;
constexpr unsigned flag_comment = 16;
constexpr unsigned flags_reserved = 0xe0;

Error damaged(std::string_view what) {
    return {ErrorCode::invalid_data, fmt::format("damaged gzip data: {}", what)};
}

std::uint32_t little_endian(std::span<const std::uint8_t, 4> bytes) {
    return bytes[0] | std::uint32_t{bytes[1]} << 8U | std::uint32_t{bytes[2]} << 16U |
           std::uint32_t{bytes[3]} << 24U;
}

}  // namespace

struct GzipReader::State {
    State(ByteSource& input, const GzipLimits& bounds)
        : source(input),
          limits(bounds),
          in(std::make_unique_for_overwrite<char[]>(headroom + input_size)),
          out(std::make_unique_for_overwrite<char[]>(output_size)) {
        std::fill_n(in.get(), headroom, '\0');
    }

    Result<bool> refill();
    Result<std::uint8_t> take_byte();
    Result<void> take(std::span<std::uint8_t> bytes);
    Result<void> drop(std::size_t count);
    Result<void> read_header();
    Result<void> skip_text();
    Result<std::size_t> inflate(std::span<char> buffer);
    Result<void> finish_member();
    void tap_until(std::size_t position);
    std::uint64_t member_input() const { return base + begin - member_start; }

    ByteSource& source;
    GzipLimits limits;
    RawTap tap;
    std::unique_ptr<char[]> in;     // NOLINT(modernize-avoid-c-arrays): not to be filled with zeros
    std::size_t begin = headroom;   ///< first byte of `in` that was not taken
    std::size_t end = headroom;     ///< behind the last byte of `in`
    std::size_t tapped = headroom;  ///< first byte of `in` that the tap did not see
    std::uint64_t base =
        0 - std::uint64_t{headroom};  ///< offset in the source of in[0], modulo 2^64
    std::unique_ptr<char[]> out;      ///< for callers with small buffers
    std::string_view ready;           ///< part of `out` that was not given away
    bool is_in_member = false;
    std::uint64_t member_start = 0;  ///< offset in the source
    std::uint64_t member_output = 0;
    std::uint64_t finished_offset = 0;
    std::size_t next_read = first_input_size;
    inflate_state inflater;  // 90 KB that isal_inflate_init sets as far as needed
};

/// Gets more input behind the last bytes of the old. False at the end of the source.
Result<bool> GzipReader::State::refill() {
    if (is_in_member) {
        tap_until(end - headroom);
    }
    const std::size_t shift = end - headroom;
    std::memmove(in.get(), in.get() + shift, headroom);
    base += shift;
    begin -= shift;
    end -= shift;
    tapped -= std::min(tapped, shift);
    QUERN_TRY(
        const std::size_t count, source.read(std::span<char>(in.get() + headroom, next_read))
    );
    next_read = std::min(2 * next_read, input_size);
    end += count;
    return count != 0;
}

void GzipReader::State::tap_until(std::size_t position) {
    if (position > tapped) {
        if (tap) {
            tap(std::string_view(in.get() + tapped, position - tapped));
        }
        tapped = position;
    }
}

Result<std::uint8_t> GzipReader::State::take_byte() {
    if (begin == end) {
        QUERN_TRY(const bool has_more, refill());
        if (!has_more) {
            return damaged("it is truncated");
        }
    }
    return static_cast<std::uint8_t>(in[begin++]);
}

Result<void> GzipReader::State::take(std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) {
        QUERN_TRY(byte, take_byte());
    }
    return {};
}

Result<void> GzipReader::State::drop(std::size_t count) {
    for (; count != 0; --count) {
        QUERN_TRY(std::ignore, take_byte());
    }
    return {};
}

/// A text that ends with NUL.
Result<void> GzipReader::State::skip_text() {
    constexpr std::size_t longest = 65536;
    for (std::size_t count = 0; count < longest; ++count) {
        QUERN_TRY(const std::uint8_t byte, take_byte());
        if (byte == 0) {
            return {};
        }
    }
    return damaged("a name in its header does not end");
}

Result<void> GzipReader::State::read_header() {
    std::array<std::uint8_t, 10> fixed{};
    QUERN_CHECK(take(fixed));
    if (fixed[0] != 0x1f || fixed[1] != 0x8b) {
        return Error(ErrorCode::invalid_data, "there is no gzip data where it should begin");
    }
    const unsigned flags = fixed[3];
    if (fixed[2] != 8 || (flags & flags_reserved) != 0) {
        return damaged("its header asks for something unknown");
    }
    if ((flags & flag_extra) != 0) {
        std::array<std::uint8_t, 2> size{};
        QUERN_CHECK(take(size));
        QUERN_CHECK(drop(size[0] + std::size_t{256} * size[1]));
    }
    if ((flags & flag_name) != 0) {
        QUERN_CHECK(skip_text());
    }
    if ((flags & flag_comment) != 0) {
        QUERN_CHECK(skip_text());
    }
    if ((flags & flag_header_crc) != 0) {
        QUERN_CHECK(drop(2));
    }
    return {};
}

Result<std::size_t> GzipReader::State::inflate(std::span<char> buffer) {
    constexpr std::size_t most = std::size_t{1} << 30U;  // ISA-L counts in 32 bits
    buffer = buffer.first(std::min(buffer.size(), most));
    std::size_t made = 0;
    while (made == 0 && is_in_member) {
        const bool was_empty = begin == end;
        if (was_empty) {
            // At the end of the source too: the rest may lie in ISA-L's bit buffer.
            QUERN_TRY(std::ignore, refill());
        }
        const auto taken = inflate_some(inflater, {in.get() + begin, end - begin}, buffer);
        if (!taken) {
            return damaged("its blocks are not valid");
        }
        begin += *taken;
        made = buffer.size() - inflater.avail_out;
        member_output += made;
        QUERN_CHECK(check_inflated("gzip", limits, member_input(), member_output));
        if (inflater.block_state == ISAL_BLOCK_FINISH) {
            QUERN_CHECK(finish_member());
        } else if (made == 0 && was_empty && end == headroom) {
            return damaged("it is truncated");
        }
    }
    return made;
}

/// Gives back what ISA-L read too far, checks the trailer.
Result<void> GzipReader::State::finish_member() {
    const auto ahead = static_cast<std::size_t>(std::max(inflater.read_in_length, 0)) / 8;
    QUERN_ASSERT(ahead <= begin);
    begin -= ahead;
    std::array<std::uint8_t, 8> trailer{};
    QUERN_CHECK(take(trailer));
    if (little_endian(std::span(trailer).first<4>()) != inflater.crc) {
        return damaged("its checksum is wrong");
    }
    if (little_endian(std::span(trailer).last<4>()) != static_cast<std::uint32_t>(member_output)) {
        return damaged("its length is wrong");
    }
    tap_until(begin);
    finished_offset = base + begin;
    is_in_member = false;
    return {};
}

GzipReader::GzipReader(ByteSource& source, const GzipLimits& limits)
    : state_(std::make_unique<State>(source, limits)) {}

GzipReader::~GzipReader() = default;

Result<bool> GzipReader::next_member() {
    State& state = *state_;
    QUERN_ASSERT(!state.is_in_member && state.ready.empty());
    if (state.begin == state.end) {
        QUERN_TRY(const bool has_more, state.refill());
        if (!has_more) {
            return false;
        }
    }
    state.is_in_member = true;
    state.tapped = state.begin;
    state.member_start = state.base + state.begin;
    state.member_output = 0;
    QUERN_CHECK(state.read_header());
    isal_inflate_init(&state.inflater);
    state.inflater.crc_flag = ISAL_GZIP_NO_HDR;
    return true;
}

void GzipReader::set_raw_tap(RawTap tap) {
    state_->tap = std::move(tap);
}

Result<std::size_t> GzipReader::read(std::span<char> buffer) {
    State& state = *state_;
    if (buffer.empty()) {
        return std::size_t{0};
    }
    if (state.ready.empty()) {
        if (buffer.size() >= output_size) {
            return state.inflate(buffer);
        }
        QUERN_TRY(const std::size_t made, state.inflate({state.out.get(), output_size}));
        state.ready = std::string_view(state.out.get(), made);
    }
    const std::size_t count = state.ready.copy(buffer.data(), buffer.size());
    state.ready.remove_prefix(count);
    return count;
}

Result<void> GzipReader::skip_rest() {
    State& state = *state_;
    state.ready = {};
    while (state.is_in_member) {
        QUERN_TRY(std::ignore, state.inflate({state.out.get(), output_size}));
    }
    return {};
}

std::uint64_t GzipReader::source_offset() const {
    return state_->finished_offset;
}

Result<std::string> gzip_decompress(std::string_view bytes, std::uint64_t limit) {
    StringSource source(bytes);
    GzipReader reader(source, {.output_bytes = limit});
    std::string content;
    std::vector<char> buffer(output_size);
    for (;;) {
        QUERN_TRY(const bool has_member, reader.next_member());
        if (!has_member) {
            return content;
        }
        for (;;) {
            QUERN_TRY(const std::size_t count, reader.read(buffer));
            if (count == 0) {
                break;
            }
            if (count > limit - content.size()) {
                return Error(
                    ErrorCode::limit, fmt::format("gzip data unpacks to more than {} bytes", limit)
                );
            }
            content.append(buffer.data(), count);
        }
    }
}

}  // namespace quern::archive
