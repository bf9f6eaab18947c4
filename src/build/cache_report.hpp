// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "support/file_tree.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace quern::build {

/// Reads ccache's log of counters (CCACHE_STATSLOG): a line "# FILE" for each call, a line for each
/// of its counters. Steps may write anything there: what is no counter is passed over.
CompilerCounts count_calls(std::string_view log);

/// Files of a cache, and those that are new since `start`. Looks at no more than `most` files, and
/// at none behind one that goes away meanwhile.
CacheReport look_at_cache(
    const FileTree& cache, const timespec& start, std::uint64_t most = 100'000
);

/// "cache ccache: 12 of 15 compilations (80 %) were in it; 3 new files, 40.0 KiB; 9.1 MiB in all".
/// Empty where nothing is worth a line.
std::string to_text(const CacheReport& report);

}  // namespace quern::build
