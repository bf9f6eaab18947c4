// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "quern/package_info.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::apk;

/// What was read can be part of a path, and what can be written is read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto info = PackageInfo::parse({reinterpret_cast<const char*>(data), size});
    if (!info) {
        return 0;
    }
    QUERN_ASSERT(
        info->file_name().find('/') == std::string::npos && !info->file_name().starts_with('.')
    );
    QUERN_ASSERT(
        info->architecture.find('/') == std::string::npos && !info->architecture.starts_with('.')
    );
    if (const auto text = info->to_string()) {
        const auto again = PackageInfo::parse(*text);
        QUERN_ASSERT(again.has_value());
        const auto text_again = again->to_string();
        QUERN_ASSERT(text_again.has_value() && *text_again == *text);
    }
    return 0;
}
