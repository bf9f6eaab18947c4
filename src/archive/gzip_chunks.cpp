// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A chunk is compressed as a complete deflate stream; then the mark of its last block is taken away
// and an empty stored block is put behind it, which ends at a byte. Those four last bytes are also
// how a reader finds the ends again. They could stand in the middle of a block by chance: what is
// cut there does not inflate, and the member is then not taken apart.
#include "archive/gzip_chunks.hpp"

#include "archive/gzip_blocks.hpp"
#include "archive/gzip_functions.hpp"
#include "quern/error.hpp"
#include "support/handle.hpp"

#include <algorithm>
#include <utility>

namespace quern::archive {
namespace {

constexpr std::size_t longest_joint = 5;  ///< bytes of an empty stored block
constexpr std::string_view joint_end("\x00\x00\xff\xff", 4);
// An empty block of fixed codes, with BFINAL.
constexpr std::string_view last_block("\x03\x00", 2);
constexpr std::size_t trailer_size = 8;
constexpr std::size_t highest_ratio = 1032;  ///< of deflate: 258 bytes from two bits

using Compressor = Handle<libdeflate_compressor, libdeflate_free_compressor>;
using Decompressor = Handle<libdeflate_decompressor, libdeflate_free_decompressor>;

/// Makes the complete deflate stream at `output` go on: the last block is no longer the last, and
/// the end is that of a byte.
void open_last_block(std::string& stream) {
    const auto end =
        find_deflate_end({reinterpret_cast<const std::uint8_t*>(stream.data()), stream.size()});
    QUERN_ASSERT(end && (end->end + 7) / 8 == stream.size());
    char& byte = stream[end->last_block / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) & ~(1U << (end->last_block % 8)));
    // The three bits of the stored block's header are zero, as the padding is.
    const std::size_t bits_left = stream.size() * 8 - end->end;
    if (bits_left < 3) {
        stream.push_back('\0');
    }
    stream.append(joint_end);
}

void append_little_endian(std::string& bytes, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<char>(value >> shift & 0xffU));
    }
}

std::uint32_t little_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
        value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
}

/// Inflates the chunks of one member into one room.
class ChunkReader {
 public:
    ChunkReader(std::string_view blocks, std::size_t text_size)
        : blocks_(blocks),
          text_size_(text_size),
          room_(std::make_unique_for_overwrite<char[]>(text_size + 1)),
          decompressor_(libdeflate_alloc_decompressor()) {}

    std::optional<ChunkedMember> read() {
        ChunkedMember member;
        while (!blocks_.empty()) {
            const std::size_t end = blocks_.find(joint_end);
            if (end == std::string_view::npos ||
                !take_chunk(blocks_.substr(0, end + joint_end.size()), member.chunks)) {
                return std::nullopt;
            }
            blocks_.remove_prefix(end + joint_end.size());
        }
        member.text = {room_.get(), filled_};
        member.room = std::move(room_);
        return member;
    }

 private:
    bool take_chunk(std::string_view bytes, std::vector<ChunkPlace>& chunks) {
        // A last block behind it makes it complete: it ends there or was cut in a wrong place.
        closed_.assign(bytes);
        closed_ += last_block;
        std::size_t taken = 0;
        std::size_t made = 0;
        const auto result = libdeflate_deflate_decompress_ex(
            decompressor_.get(),
            closed_.data(),
            closed_.size(),
            room_.get() + filled_,
            text_size_ - filled_,
            &taken,
            &made
        );
        if (result != LIBDEFLATE_SUCCESS || taken != closed_.size()) {
            return false;
        }
        const std::uint32_t crc = libdeflate_crc32(0, room_.get() + filled_, made);
        chunks.push_back({bytes, crc, filled_, made});
        filled_ += made;
        return true;
    }

    std::string_view blocks_;
    std::size_t text_size_;
    std::size_t filled_ = 0;
    std::unique_ptr<char[]> room_;  // NOLINT(modernize-avoid-c-arrays): not to be zeroed
    Decompressor decompressor_;
    std::string closed_;
};

}  // namespace

struct ChunkCompressor::State {
    Compressor compressor;
    std::unique_ptr<char[]> room;  // NOLINT(modernize-avoid-c-arrays): not to be zeroed
    std::size_t room_size = 0;

    void make_room(std::size_t text_size) {
        const std::size_t needed = libdeflate_deflate_compress_bound(nullptr, text_size);
        if (needed > room_size) {
            room = std::make_unique_for_overwrite<char[]>(needed);
            room_size = needed;
        }
    }
};

ChunkCompressor::ChunkCompressor(int level, std::size_t longest)
    : state_(std::make_unique<State>()) {
    state_->compressor.reset(libdeflate_alloc_compressor(level));
    QUERN_ASSERT(state_->compressor != nullptr);
    state_->make_room(longest);
}
ChunkCompressor::ChunkCompressor(ChunkCompressor&&) noexcept = default;
ChunkCompressor& ChunkCompressor::operator=(ChunkCompressor&&) noexcept = default;
ChunkCompressor::~ChunkCompressor() = default;

GzipChunk ChunkCompressor::compress(std::string_view text) {
    state_->make_room(text.size());
    GzipChunk chunk;
    chunk.text_size = text.size();
    chunk.crc = libdeflate_crc32(0, text.data(), text.size());
    const std::size_t size = libdeflate_deflate_compress(
        state_->compressor.get(), text.data(), text.size(), state_->room.get(), state_->room_size
    );
    QUERN_ASSERT(size != 0);
    chunk.bytes.reserve(size + longest_joint);
    chunk.bytes.assign(state_->room.get(), size);
    open_last_block(chunk.bytes);
    return chunk;
}

std::string_view MemberFrame::header() {
    return {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10};
}

void MemberFrame::count(std::uint32_t chunk_crc, std::size_t text_size) {
    crc_ =
        static_cast<std::uint32_t>(crc32_combine(crc_, chunk_crc, static_cast<z_off_t>(text_size)));
    size_ += static_cast<std::uint32_t>(text_size);
}

std::string MemberFrame::end() const {
    std::string bytes(last_block);
    append_little_endian(bytes, crc_);
    append_little_endian(bytes, size_);
    return bytes;
}

std::optional<ChunkedMember> read_chunks(std::string_view member, std::size_t longest) {
    const std::string_view header = MemberFrame::header();
    const std::size_t end_size = last_block.size() + trailer_size;
    if (!member.starts_with(header) || member.size() < header.size() + end_size) {
        return std::nullopt;
    }
    const std::string_view end = member.substr(member.size() - end_size);
    const std::string_view blocks =
        member.substr(header.size(), member.size() - header.size() - end_size);
    // The length is not checked yet: what does not fit the input is no reason to take memory.
    const std::size_t text_size = little_endian(end.substr(end_size - 4));
    if (text_size > longest || text_size / highest_ratio > blocks.size()) {
        return std::nullopt;
    }
    auto read = ChunkReader(blocks, text_size).read();
    if (!read) {
        return std::nullopt;
    }
    MemberFrame frame;
    for (const ChunkPlace& chunk : read->chunks) {
        frame.count(chunk.crc, chunk.text_size);
    }
    return frame.end() == end ? std::move(read) : std::nullopt;
}

}  // namespace quern::archive
