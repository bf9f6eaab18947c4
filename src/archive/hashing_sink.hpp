// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "support/digest.hpp"

#include <cstdint>

namespace quern::archive {

/// Passes bytes on to a sink that outlives it, counts them and computes their SHA-256.
class HashingSink final : public ByteSink {
 public:
    explicit HashingSink(ByteSink& next) : next_(next), hasher_(DigestKind::sha256) {}
    Result<void> write(std::string_view bytes) override {
        hasher_.update(bytes);
        size_ += bytes.size();
        return next_.write(bytes);
    }
    /// Of all bytes so far; once.
    Digest digest() { return hasher_.finish(); }
    std::uint64_t size() const { return size_; }

 private:
    ByteSink& next_;
    Hasher hasher_;
    std::uint64_t size_ = 0;
};

}  // namespace quern::archive
