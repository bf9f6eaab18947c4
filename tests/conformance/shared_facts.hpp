// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/source_root.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace quern::test {

/// A file or folder of the recorded facts, which lie beside the checkout. Where they are not there
/// the program ends as skipped (status 77), with the reason printed: every test in it needs them.
inline std::filesystem::path shared_facts(const std::string& path) {
    std::filesystem::path found = source_root() / "../shared" / path;
    if (!std::filesystem::exists(found)) {
        std::printf("skipped: no recorded facts at %s\n", found.c_str());
        std::exit(77);  // NOLINT(concurrency-mt-unsafe): no thread was made
    }
    return found.lexically_normal();
}

}  // namespace quern::test
