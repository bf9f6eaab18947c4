// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/content.hpp"
#include "package/elf.hpp"
#include "package/kernel.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::package;

/// Whatever the bytes say, names stay within the bounds that the header promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto elf = read_elf(bytes)) {
        QUERN_ASSERT(elf->needed.size() <= 1'024);
        for (const std::string& library : elf->needed) {
            QUERN_ASSERT(!library.empty() && library.size() < 1'024);
        }
        QUERN_ASSERT(elf->soname.size() < 1'024);
    }
    Content content(bytes);
    QUERN_ASSERT(kernel_image_version(content).size() <= 256);
    return 0;
}
