// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "support/thread_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace quern::archive {

/// How a gzip member is made. The bytes depend on `level` and on nothing else.
struct GzipOptions {
    int level =
        0;  ///< 1 (fast) to 12 (small); 0 = the default that was measured best (default_gzip_level)
    ThreadPool* pool = nullptr;  ///< nullptr compresses in the calling thread
};

/// The level used where none is asked for; see README.md of this layer for the measurement.
extern const int default_gzip_level;

/// Makes exactly one gzip member (MTIME 0, no name, XFL 0, OS 255) from a stream, in chunks of 1
/// MiB that are compressed in parallel and joined in one deflate stream. Memory: at most four
/// chunks a thread. Source: RFC 1951 3.2, RFC 1952; house section 3 (packing).
class GzipWriter final : public ByteSink {
 public:
    GzipWriter(ByteSink& sink, const GzipOptions& options);
    ~GzipWriter() override;
    Result<void> write(std::string_view bytes) override;
    /// Ends the member; must be called once.
    Result<void> finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One member from bytes at hand.
Result<std::string> gzip_compress(std::string_view bytes, const GzipOptions& options = {});

}  // namespace quern::archive
