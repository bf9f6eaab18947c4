// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace quern::image {

/// A file without a name that holds what is in packages, inflated once and read again in the order
/// of the layers. Gone with the process.
class Spool {
 public:
    /// Errors: io (the directory's file system).
    static Result<std::unique_ptr<Spool>> create(const std::filesystem::path& directory);

    /// Room for `size` bytes; gives its offset. Thread safety: this and the others.
    std::uint64_t reserve(std::uint64_t size) { return end_.fetch_add(size); }
    Result<void> write_at(std::uint64_t offset, std::string_view bytes);
    /// Gives the bytes in pieces.
    Result<void> read_at(
        std::uint64_t offset,
        std::uint64_t size,
        const std::function<Result<void>(std::string_view)>& use
    ) const;

 private:
    explicit Spool(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
    std::atomic<std::uint64_t> end_ = 0;
};

struct FileContent;

/// All of a file's bytes. Errors: io, limit.
Result<std::string> read_content(
    const Spool& spool, const FileContent& content, std::uint64_t limit = std::uint64_t{64} << 20U
);

}  // namespace quern::image
