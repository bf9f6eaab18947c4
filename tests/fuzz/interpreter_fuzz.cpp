// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/scan/scanner.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::package;

/// A line gives a program or a problem, never both; a program is one word.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string problem;
    const std::string name = interpreter_of({reinterpret_cast<const char*>(data), size}, problem);
    QUERN_ASSERT(problem.empty() || name.empty());
    QUERN_ASSERT(name.find_first_of(" \t\r\n") == std::string::npos);
    return 0;
}
