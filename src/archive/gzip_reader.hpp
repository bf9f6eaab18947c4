// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace quern::archive {

struct GzipLimits {
    std::uint64_t output_bytes = std::uint64_t{64} << 30U;  ///< of one member
    std::uint64_t ratio = 2000;  ///< output over input, looked at once 16 MiB came out (deflate
                                 ///< cannot pass about 1030)
};

/// Inflates concatenated gzip members one at a time. `read` stops at the end of a member;
/// `next_member` goes on. Checks crc and length of each member (RFC 1952).
class GzipReader final : public ByteSource {
 public:
    /// Sees the compressed bytes of the current member exactly as they lie in the source, header
    /// and trailer included.
    using RawTap = std::function<void(std::string_view bytes)>;

    explicit GzipReader(ByteSource& source, const GzipLimits& limits = {});
    ~GzipReader() override;

    /// Goes to the next member (the first one too). False at the end of the source. Errors:
    /// invalid_data (no gzip header), limit; the current member must be read to its end before.
    Result<bool> next_member();
    /// Set before `next_member`; stays until changed.
    void set_raw_tap(RawTap tap);
    /// Bytes of the current member; 0 at its end. Errors: invalid_data (damaged or truncated),
    /// limit.
    Result<std::size_t> read(std::span<char> buffer) override;
    /// Reads and drops the rest of the current member.
    Result<void> skip_rest();
    /// Offset in the source of the first byte after the last finished member.
    std::uint64_t source_offset() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Inflates all members of `bytes`. Errors as above; limit over `limit` bytes.
Result<std::string> gzip_decompress(std::string_view bytes, std::uint64_t limit);

}  // namespace quern::archive
