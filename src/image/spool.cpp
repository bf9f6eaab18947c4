// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/spool.hpp"

#include "image/root_tree.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace quern::image {

Result<std::unique_ptr<Spool>> Spool::create(const std::filesystem::path& directory) {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("making scratch in {}", directory.string()));
    }
    return std::unique_ptr<Spool>(new Spool(std::move(fd)));
}

Result<void> Spool::write_at(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno != EINTR) {
            const int err = errno;
            return Error::system(err, "writing scratch");
        }
        const std::size_t done = count < 0 ? 0 : static_cast<std::size_t>(count);
        bytes.remove_prefix(done);
        offset += done;
    }
    return {};
}

Result<void> Spool::read_at(
    std::uint64_t offset,
    std::uint64_t size,
    const std::function<Result<void>(std::string_view)>& use
) const {
    constexpr std::uint64_t piece = std::uint64_t{256} << 10U;
    std::string buffer(std::min(size, piece), '\0');
    while (size > 0) {
        const ssize_t count = ::pread(
            fd_.get(),
            buffer.data(),
            std::min<std::uint64_t>(size, piece),
            static_cast<off_t>(offset)
        );
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            const int err = count < 0 ? errno : EIO;
            return Error::system(err, "reading scratch");
        }
        QUERN_CHECK(use(std::string_view(buffer).substr(0, static_cast<std::size_t>(count))));
        offset += static_cast<std::uint64_t>(count);
        size -= static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<std::string> read_content(
    const Spool& spool, const FileContent& content, std::uint64_t limit
) {
    if (!content.is_spooled) {
        return content.text;
    }
    if (content.size > limit) {
        return Error(
            ErrorCode::limit,
            fmt::format("a file of {} bytes is too large to be read", content.size)
        );
    }
    std::string text;
    text.reserve(content.size);
    QUERN_CHECK(spool.read_at(
        content.offset,
        content.size,
        [&](std::string_view bytes) -> Result<void> {
            text += bytes;
            return {};
        }
    ));
    return text;
}

}  // namespace quern::image
