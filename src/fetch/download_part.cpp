// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/download_part.hpp"

#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace quern::fetch {

namespace {

/// A smaller beginning is fetched again in the time that a request takes.
constexpr off_t smallest_part = off_t{1} << 20U;

}  // namespace

DownloadPart::DownloadPart(const std::filesystem::path& whole)
    : path_(whole.parent_path() / fmt::format(".{}.part", whole.filename().string())) {}

Result<UniqueFd> DownloadPart::take() const {
    // A name of our own first: it makes the beginning ours alone.
    const std::string own = fmt::format("{}.{}", path_.string(), ::getpid());
    if (::rename(path_.c_str(), own.c_str()) != 0) {
        return make_unnamed_file(path_.parent_path());
    }
    UniqueFd fd(::open(own.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    ::unlink(own.c_str());
    struct stat status = {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        ::lseek(fd.get(), 0, SEEK_END) < 0) {
        return make_unnamed_file(path_.parent_path());
    }
    return fd;
}

void DownloadPart::leave(int fd, const Error& reason) const {
    struct stat status = {};
    const bool may_go_on = reason.code() == ErrorCode::network ||
                           reason.code() == ErrorCode::not_found ||  // here: a mirror may have it
                           reason.code() == ErrorCode::interrupted;
    if (!may_go_on || ::fstat(fd, &status) != 0 || status.st_size < smallest_part) {
        return;
    }
    static_cast<void>(give_name(fd, path_, {.is_durable = false}));
}

}  // namespace quern::fetch
