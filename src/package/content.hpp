// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quern::package {

/// The bytes of one file, to be read at any place. Bytes that cannot be read count as missing: who
/// packs the same file reports the failure.
class Content {
 public:
    /// At most this many bytes are given at once.
    static constexpr std::size_t largest_read = std::size_t{64} << 10U;

    /// `whole` outlives the object.
    explicit Content(std::string_view whole) : whole_(whole), size_(whole.size()) {}
    /// `fd` stays the caller's; read by offset, its position is not moved.
    Content(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

    std::uint64_t size() const { return size_; }
    /// `length` bytes at `offset`, or as many of them as there are. Valid until the next call.
    std::string_view read(std::uint64_t offset, std::size_t length);
    /// Whether `needle` stands in the `length` bytes at `offset`.
    bool contains(std::string_view needle, std::uint64_t offset, std::uint64_t length);
    /// The first piece of `largest_read` bytes.
    std::string_view head() { return read(0, largest_read); }

 private:
    void load(std::uint64_t offset);

    std::string_view whole_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
    std::string window_;  ///< bytes of the file at `window_offset_`
    std::uint64_t window_offset_ = 0;
};

}  // namespace quern::package
