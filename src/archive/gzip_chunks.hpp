// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::archive {

/// A text as whole deflate blocks that end at a byte and look back at nothing before them: chunks
/// one behind the other are one stream. Source: RFC 1951 3.2.4.
struct GzipChunk {
    std::string bytes;
    std::uint32_t crc = 0;
    std::size_t text_size = 0;
};

/// Makes chunks. Same text and level, same bytes. Large, so worth using again; one thread at a
/// time.
class ChunkCompressor {
 public:
    /// `longest` is room for texts that is kept; longer ones get room of their own. `level`: 1 to
    /// 12.
    ChunkCompressor(int level, std::size_t longest);
    ChunkCompressor(ChunkCompressor&&) noexcept;
    ChunkCompressor& operator=(ChunkCompressor&&) noexcept;
    ~ChunkCompressor();

    GzipChunk compress(std::string_view text);

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Header and trailer of a member that is made of chunks, and what the trailer counts.
class MemberFrame {
 public:
    /// MTIME 0, no name, XFL 0, OS 255.
    static std::string_view header();
    /// A chunk stands next.
    void count(std::uint32_t chunk_crc, std::size_t text_size);
    /// The last block, checksum and length.
    std::string end() const;

 private:
    std::uint32_t crc_ = 0;
    std::uint32_t size_ = 0;  ///< modulo 2^32, as the trailer wants it
};

/// Where a chunk stands in a member and in its text.
struct ChunkPlace {
    std::string_view bytes;
    std::uint32_t crc = 0;
    std::size_t text_begin = 0;
    std::size_t text_size = 0;
};

/// A member taken apart.
struct ChunkedMember {
    std::unique_ptr<char[]> room;  // NOLINT(modernize-avoid-c-arrays): not to be zeroed
    std::string_view text;         ///< in `room`
    std::vector<ChunkPlace> chunks;
};

/// Inflates a member that is made of chunks; its checksum and length are checked. Nothing if it is
/// not made so, has something behind it, is damaged, or holds more than `longest` bytes: a reader
/// of any gzip data says which. Views are into `member`.
std::optional<ChunkedMember> read_chunks(std::string_view member, std::size_t longest);

}  // namespace quern::archive
