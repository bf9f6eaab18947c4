// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::cli {

/// One folder of the cache and what it holds, or what was removed from it.
struct CacheArea {
    std::string name;
    std::uint64_t files = 0;  ///< or trees: roots, mirrors, layers, caches of languages
    std::uint64_t bytes = 0;
    std::uint64_t in_use = 0;  ///< trees that a running command keeps from being removed
};

/// Removes from each kind of content what was not used for longest, until the rest of that kind has
/// at most `size_limit` bytes; from `failed`, the last failed build, nothing. Errors: io.
Result<std::vector<CacheArea>> trim_cache(
    const std::filesystem::path& cache, std::uint64_t size_limit
);

/// Whether commands make a folder of this name in a cache.
bool is_cache_folder(std::string_view name);

/// Whether what is in the folder is held by locks, so that only `trim_cache` may remove from it.
bool has_locks(std::string_view name);

}  // namespace quern::cli
