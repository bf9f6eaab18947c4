// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace quern::apk {

/// Reads a file from an offset without moving the descriptor's own, so that one package can be read
/// by several at a time.
class FileSource final : public archive::ByteSource {
 public:
    FileSource(int fd, std::uint64_t offset) : fd_(fd), offset_(offset) {}

    Result<std::size_t> read(std::span<char> buffer) override {
        while (true) {
            const ssize_t count =
                ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset_));
            if (count >= 0) {
                offset_ += static_cast<std::uint64_t>(count);
                return static_cast<std::size_t>(count);
            }
            if (const int error = errno; error != EINTR) {
                return Error::system(error, "reading the package");
            }
        }
    }

 private:
    int fd_;
    std::uint64_t offset_;
};

}  // namespace quern::apk
