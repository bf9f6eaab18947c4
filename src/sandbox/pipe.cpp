// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace quern::sandbox {

Error system_error(int err, std::string_view action) {
    return Error(ErrorCode::sandbox, Error::system(err, action).message());
}

Result<Pipe> make_pipe() {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        const int err = errno;
        return system_error(err, "making a pipe for a sandbox");
    }
    return Pipe{.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

std::string read_to_end(int fd) {
    constexpr std::size_t limit = 65'536;
    std::string text;
    std::array<char, 1024> buffer;
    while (text.size() < limit) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

}  // namespace quern::sandbox
