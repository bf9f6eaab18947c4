// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/gzip_reader.hpp"

#include <memory>

namespace quern::archive {

/// Inflates one deflate stream without a frame, as in files of the ADB format; nothing checks its
/// content. Source: RFC 1951.
class DeflateReader final : public ByteSource {
 public:
    explicit DeflateReader(ByteSource& source, const GzipLimits& limits = {});
    ~DeflateReader() override;
    /// 0 at the end of the stream, behind which the source must end too. Errors: invalid_data
    /// (damaged, truncated, something behind it), limit.
    Result<std::size_t> read(std::span<char> buffer) override;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace quern::archive
