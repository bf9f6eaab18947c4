// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/handle.hpp"

#include <unistd.h>

#include <cerrno>

namespace quern {

UniqueFd::~UniqueFd() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

int UniqueFd::close() noexcept {
    const int fd = release();
    if (fd < 0 || ::close(fd) == 0) {
        return 0;
    }
    // Linux has given the number back even if it says EINTR; closing again could hit another file.
    return errno == EINTR ? 0 : errno;
}

}  // namespace quern
