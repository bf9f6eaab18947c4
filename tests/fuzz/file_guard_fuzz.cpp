// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "repository/file_guard.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::repository;

/// What was read is printed and read to the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text =
        FileGuard::parse({reinterpret_cast<const char*>(data), size}).to_string();
    QUERN_ASSERT(FileGuard::parse(text).to_string() == text);
    return 0;
}
