// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/recipe.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::build {

/// Where guests see the cache. Source: recipe-and-build 1.1, --cache-dir.
inline constexpr std::string_view cache_in_guest = "/var/cache/melange";
/// Below it: programs that stand in front of compilers, and what a compiler cache counts.
inline constexpr std::string_view wrappers_directory = ".compilers";
inline constexpr std::string_view statistics_directory = ".statistics";
/// In the former: what the compilers are made of.
inline constexpr std::string_view toolchain_file = "toolchain";

/// A cache that steps see below /var/cache/melange although their recipe does not name it.
struct NamedCache {
    std::string name;
    std::string variable;       ///< holds its path
    std::string program = {};   ///< its package and command: stands in front of compilers; or empty
    bool by_toolchain = false;  ///< the path is another one for other compilers
    std::vector<std::pair<std::string, std::string>> settings = {};  ///< more variables
};

/// What `--cache` names: "ccache", "sccache", "go", or "NAME=VARIABLE". Errors: usage.
Result<std::vector<NamedCache>> parse_caches(const std::vector<std::string>& words);

/// The environment with the variables of these caches where the recipe has none of the name.
/// `toolchain` tells compilers apart and is a file name.
recipe::Environment with_caches(
    recipe::Environment environment,
    const std::vector<NamedCache>& caches,
    std::string_view toolchain
);

/// Packages of the environment that these caches need.
std::vector<std::string> packages_of(const std::vector<NamedCache>& caches);

/// The program that stands in front of compilers, "ccache" before "sccache"; or empty.
std::string wrapper_of(const std::vector<NamedCache>& caches);

/// Names below /var/cache/melange that variables of the environment ask for, and those of
/// `caches`; sorted, each once.
std::vector<std::string> cache_names(
    const recipe::Environment& environment, const std::vector<NamedCache>& caches
);

}  // namespace quern::build
