// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/content.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quern::package {

std::string_view Content::read(std::uint64_t offset, std::size_t length) {
    if (offset >= size_) {
        return {};
    }
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>({length, largest_read, size_ - offset}));
    if (fd_ < 0) {
        return whole_.substr(static_cast<std::size_t>(offset), wanted);
    }
    const bool is_held = offset >= window_offset_ && offset - window_offset_ <= window_.size() &&
                         window_.size() - (offset - window_offset_) >= wanted;
    if (!is_held) {
        load(offset);
    }
    return std::string_view(window_).substr(
        static_cast<std::size_t>(offset - window_offset_), wanted
    );
}

bool Content::contains(std::string_view needle, std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t end = offset + std::min(length, size_ - std::min(offset, size_));
    while (offset < end) {
        const std::string_view piece = read(
            offset, static_cast<std::size_t>(std::min<std::uint64_t>(end - offset, largest_read))
        );
        if (::memmem(piece.data(), piece.size(), needle.data(), needle.size()) != nullptr) {
            return true;
        }
        if (piece.size() < largest_read) {
            return false;
        }
        offset +=
            piece.size() - (needle.size() - 1);  // what spans two pieces is found in the second
    }
    return false;
}

void Content::load(std::uint64_t offset) {
    window_.resize(largest_read);
    window_offset_ = offset;
    std::size_t filled = 0;
    while (filled < window_.size()) {
        const ssize_t count = ::pread(
            fd_,
            window_.data() + filled,
            window_.size() - filled,
            static_cast<off_t>(offset + filled)
        );
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        filled += static_cast<std::size_t>(count);
    }
    window_.resize(filled);
}

}  // namespace quern::package
