// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/dependency.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::apk;

/// What was parsed is printed and parsed to the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto dependency = Dependency::parse(text)) {
        QUERN_ASSERT(Dependency::parse(dependency->to_string()) == dependency);
        static_cast<void>(dependency->is_satisfied_by("1.2.3-r4"));
    }
    if (const auto list = Dependency::parse_list(text)) {
        for (const Dependency& each : *list) {
            QUERN_ASSERT(is_dependency_name(each.name));
        }
    }
    return 0;
}
