// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/extract.hpp"

#include <cstdint>
#include <memory>

namespace quern::archive {

/// Bytes of a file, from `offset` on.
struct FdRange {
    int fd = -1;  ///< must outlive the reader; its own offset is neither used nor moved
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// Inflates a compressed stream that is part of a file: gzip, xz, lzma, bzip2, zstd, lz4 or none,
/// known by its first bytes. For archives in archives, as the tar members of a .deb; what comes out
/// is read with TarReader. Errors of `read`: invalid_data (damaged, truncated), limit
/// (`limits.total_bytes`, `limits.ratio`), io.
class InflatedRange final : public ByteSource {
 public:
    static Result<std::unique_ptr<InflatedRange>> open(
        const FdRange& range, const ExtractLimits& limits = {}
    );
    ~InflatedRange() override;
    Result<std::size_t> read(std::span<char> buffer) override;

 private:
    struct State;
    explicit InflatedRange(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace quern::archive
