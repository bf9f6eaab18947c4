// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace quern::archive {

/// Takes bytes in pieces.
class ByteSink {
 public:
    ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;
    virtual ~ByteSink() = default;
    virtual Result<void> write(std::string_view bytes) = 0;
};

/// Gives bytes in pieces.
class ByteSource {
 public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;
    /// Fills as much of `buffer` as is at hand, at least one byte; 0 only at the end.
    virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

/// Collects in a string.
class StringSink final : public ByteSink {
 public:
    Result<void> write(std::string_view bytes) override {
        text_.append(bytes);
        return {};
    }
    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

 private:
    std::string text_;
};

/// Reads from bytes that outlive it.
class StringSource final : public ByteSource {
 public:
    explicit StringSource(std::string_view bytes) : bytes_(bytes) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        const std::size_t count = bytes_.copy(buffer.data(), buffer.size());
        bytes_.remove_prefix(count);
        return count;
    }

 private:
    std::string_view bytes_;
};

/// Writes to a descriptor that outlives it.
class FdSink final : public ByteSink {
 public:
    explicit FdSink(int fd) : fd_(fd) {}
    Result<void> write(std::string_view bytes) override;

 private:
    int fd_;
};

/// Reads a descriptor that outlives it, from its current offset.
class FdSource final : public ByteSource {
 public:
    explicit FdSource(int fd) : fd_(fd) {}
    Result<std::size_t> read(std::span<char> buffer) override;

 private:
    int fd_;
};

}  // namespace quern::archive
