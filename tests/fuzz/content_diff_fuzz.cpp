// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/content_diff.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace quern::package;

/// Whatever a file is, it differs from one that has a byte more, and not from itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string file(reinterpret_cast<const char*>(data), size);
    QUERN_ASSERT(explain_difference(file, file).empty());
    QUERN_ASSERT(!explain_difference(file, file + "x").empty());
    std::string other = file;
    if (!other.empty()) {
        other[other.size() / 2] = static_cast<char>(other[other.size() / 2] ^ 1);
        QUERN_ASSERT(!explain_difference(file, other).empty());
    }
    return 0;
}
