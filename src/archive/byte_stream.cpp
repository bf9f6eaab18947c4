// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/byte_stream.hpp"

#include "support/atomic_file.hpp"

#include <unistd.h>

#include <cerrno>

namespace quern::archive {

Result<void> FdSink::write(std::string_view bytes) {
    return write_all(fd_, bytes);
}

Result<std::size_t> FdSource::read(std::span<char> buffer) {
    for (;;) {
        const ssize_t count = ::read(fd_, buffer.data(), buffer.size());
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (const int err = errno; err != EINTR) {
            return Error::system(err, "reading");
        }
    }
}

}  // namespace quern::archive
