// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/next_move.hpp"

#include <cerrno>
#include <string_view>

namespace quern::cli {
namespace {

// Layers below say more where they know more.
std::string_view known_help(int number) {
    switch (number) {
        case ENOENT:
            return "check the name, and that the directories above it are there";
        case EACCES:
        case EPERM:
            return "check owner and mode of it and of the directories above it, or name another "
                   "place";
        case EROFS:
            return "the file system is mounted read-only: name another place";
        case ENOSPC:
        case EDQUOT:
            return "make room there, or name another place; `quern cache gc --max-size SIZE` makes "
                   "the cache smaller, --cache-root puts it elsewhere";
        case EFBIG:
            return "files may not be so large here: raise the limit with `ulimit -f`";
        case ENOTDIR:
            return "a part of the path is a file: name a directory, or take the file away";
        case EISDIR:
            return "it is a directory: name a file";
        case ELOOP:
            return "links in the path lead in a circle, or it is a link where none is followed";
        case ENAMETOOLONG:
            return "name a shorter path";
        case EMFILE:
        case ENFILE:
            return "too many files are open: raise the limit with `ulimit -n`";
        case ENOMEM:
            return "memory is short: give fewer --threads, or wait for other work to end";
        default:
            return {};
    }
}

}  // namespace

std::string next_move(const Error& error) {
    if (error.help().empty() && error.code() == ErrorCode::network) {
        return "check the address and the network; proxies are those of HTTP_PROXY and "
               "HTTPS_PROXY, --download-retries says how often it is tried";
    }
    return error.help().empty() ? std::string(known_help(error.system_number())) : error.help();
}

}  // namespace quern::cli
