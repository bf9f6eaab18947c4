// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/content_store.hpp"

#include "support/file_state.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace quern::fetch {

namespace {

std::string_view prefix_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha1:
            return "sha1:";
        case DigestKind::sha256:
            return "sha256:";
        case DigestKind::sha512:
            return "sha512:";
    }
    return "";
}

std::string name_of(const Digest& digest) {
    return std::string(prefix_of(digest.kind())) + digest.hex();
}

/// Opens a regular file; nothing if there is none. O_NONBLOCK, so that a FIFO cannot hold us up.
Result<std::optional<UniqueFd>> open_regular(const std::filesystem::path& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        const int err = errno;
        if (err == ENOENT || err == ENOTDIR) {
            return std::optional<UniqueFd>();
        }
        return Error::system(err, fmt::format("opening {}", path.string()));
    }
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::optional<UniqueFd>();
    }
    return std::optional<UniqueFd>(std::move(fd));
}

}  // namespace

ContentStore::ContentStore(std::vector<std::filesystem::path> directories)
    : directories_(std::move(directories)) {}

std::filesystem::path ContentStore::path_of(const Digest& digest) const {
    QUERN_ASSERT(!directories_.empty());
    return directories_.front() / name_of(digest);
}

Result<std::optional<UniqueFd>> ContentStore::find(
    const Digest& digest, std::string_view known_state
) const {
    for (const auto& directory : directories_) {
        const std::filesystem::path path = directory / name_of(digest);
        QUERN_TRY(std::optional<UniqueFd> fd, open_regular(path));
        if (!fd) {
            continue;
        }
        if (!known_state.empty() && file_state(fd->get()) == known_state) {
            return fd;
        }
        QUERN_TRY(const Digest actual, digest_of_fd(digest.kind(), fd->get()));
        if (actual == digest) {
            if (::lseek(fd->get(), 0, SEEK_SET) != 0) {
                const int err = errno;
                return Error::system(err, fmt::format("rewinding {}", path.string()));
            }
            return fd;
        }
        ::unlink(path.c_str()
        );  // may be a directory that we only read: then the file is passed over each time
    }
    return std::optional<UniqueFd>();
}

Result<void> ContentStore::insert(const Digest& digest, int fd, const NameOptions& options) const {
    return give_name(fd, path_of(digest), options);
}

Result<UniqueFd> ContentStore::temporary() const {
    QUERN_ASSERT(!directories_.empty());
    return make_unnamed_file(directories_.front());
}

}  // namespace quern::fetch
