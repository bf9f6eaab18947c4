// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/handle.hpp"

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <string>

/// A descriptor to write to that remembers everything.
class OutputFile {
 public:
    int fd() const { return fd_.get(); }
    std::string text() const {
        std::string content(static_cast<std::size_t>(::lseek(fd_.get(), 0, SEEK_CUR)), '\0');
        const auto size = static_cast<ssize_t>(content.size());
        REQUIRE(::pread(fd_.get(), content.data(), content.size(), 0) == size);
        return content;
    }

 private:
    quern::UniqueFd fd_{::memfd_create("output", MFD_CLOEXEC)};
};
