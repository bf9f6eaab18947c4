// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/pkg_config.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::package;

/// A file with a problem requires nothing; modules are words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const PkgConfigFile file = parse_pkg_config({reinterpret_cast<const char*>(data), size});
    QUERN_ASSERT(file.problem.empty() || file.required.empty());
    for (const std::string& module : file.required) {
        QUERN_ASSERT(!module.empty() && module.find_first_of(" ,\t\n=<>") == std::string::npos);
    }
    return 0;
}
