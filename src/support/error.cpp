// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace quern {

Error::Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

Error Error::system(int err, std::string_view action) {
    // std::generic_category is thread safe where strerror is not, and never localised by us.
    const std::string text = std::generic_category().message(err);
    Error error(
        err == ENOENT ? ErrorCode::not_found : ErrorCode::io, fmt::format("{}: {}", action, text)
    );
    error.system_number_ = err;
    return error;
}

Error&& Error::context(std::string_view what) && {
    message_ = fmt::format("{}: {}", what, message_);
    return std::move(*this);
}

Error&& Error::help(std::string text) && {
    help_ = std::move(text);
    return std::move(*this);
}

void abort_on_broken_invariant(const char* file, int line, const char* text) noexcept {
    std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, text);
    std::abort();
}

}  // namespace quern
