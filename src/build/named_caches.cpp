// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// What makes a compiler cache give the bytes that the compiler would: its contents, not its date,
// say which compiler it is, and so do all packages that it is made of (`toolchain`). Paths are left
// as they are: CCACHE_BASEDIR would write others into debug information, and a workspace lies at
// the same place in every guest anyway.

#include "build/named_caches.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace quern::build {
namespace {

std::string below_cache(std::string_view first, std::string_view second = {}) {
    return fmt::format("{}/{}{}{}", cache_in_guest, first, second.empty() ? "" : "/", second);
}

// Source: ccache(1) 4.7, CONFIGURATION OPTIONS. Guests give inodes and dates again, so that they
// say nothing of a file's content; users of guests share the cache.
NamedCache ccache() {
    return {
        .name = "ccache",
        .variable = "CCACHE_DIR",
        .program = "ccache",
        .settings = {
            {"CCACHE_COMPILERCHECK", "content"},
            {"CCACHE_EXTRAFILES", below_cache(wrappers_directory, toolchain_file)},
            {"CCACHE_NOINODECACHE", "1"},
            {"CCACHE_STATSLOG", below_cache(statistics_directory, "ccache")},
            {"CCACHE_UMASK", "000"}}};
}

// Source: sccache's docs/Configuration.md and docs/Local.md. It looks at the driver alone, so that
// each toolchain has a directory of its own. Its server ends with the step.
NamedCache sccache() {
    return {
        .name = "sccache",
        .variable = "SCCACHE_DIR",
        .program = "sccache",
        .by_toolchain = true,
        .settings = {{"RUSTC_WRAPPER", "/usr/bin/sccache"}, {"SCCACHE_IDLE_TIMEOUT", "0"}}};
}

bool is_variable(std::string_view text) {
    constexpr std::string_view first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view more =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return !text.empty() && first.find(text[0]) != std::string_view::npos &&
           text.find_first_not_of(more) == std::string_view::npos;
}

// A directory in the guest and a part of a mount's option. None of quern's own begins so.
bool is_cache_name(std::string_view text) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-";
    constexpr std::size_t longest = 64;
    return !text.empty() && text.size() <= longest && text[0] != '.' && text[0] != '-' &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

Result<NamedCache> parse_cache(const std::string& word) {
    if (word == "ccache") {
        return ccache();
    }
    if (word == "sccache") {
        return sccache();
    }
    if (word == "go") {
        return NamedCache{.name = "gocache", .variable = "GOCACHE"};
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string variable = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (!is_cache_name(name) || !is_variable(variable)) {
        return Error(ErrorCode::usage, fmt::format("--cache {} is no cache", printable(word)))
            .help(
                "write ccache, sccache, go, or NAME=VARIABLE for a directory of that name whose "
                "path is in the variable"
            );
    }
    return NamedCache{.name = name, .variable = variable};
}

}  // namespace

Result<std::vector<NamedCache>> parse_caches(const std::vector<std::string>& words) {
    std::vector<NamedCache> caches;
    for (const std::string& word : words) {
        QUERN_TRY(NamedCache cache, parse_cache(word));
        caches.push_back(std::move(cache));
    }
    return caches;
}

recipe::Environment with_caches(
    recipe::Environment environment,
    const std::vector<NamedCache>& caches,
    std::string_view toolchain
) {
    const auto set = [&](const std::string& name, const std::string& value) {
        recipe::Text& text = environment.environment[name];
        if (text.is_empty()) {
            text.value = value;
        }
    };
    for (const NamedCache& cache : caches) {
        set(cache.variable, below_cache(cache.name, cache.by_toolchain ? toolchain : ""));
        for (const auto& [name, value] : cache.settings) {
            set(name, value);
        }
    }
    return environment;
}

std::vector<std::string> packages_of(const std::vector<NamedCache>& caches) {
    std::vector<std::string> packages;
    for (const NamedCache& cache : caches) {
        if (!cache.program.empty()) {
            packages.push_back(cache.program);
        }
    }
    return packages;
}

std::string wrapper_of(const std::vector<NamedCache>& caches) {
    std::vector<std::string> programs = packages_of(caches);
    std::sort(programs.begin(), programs.end());
    return programs.empty() ? std::string() : programs.front();
}

std::vector<std::string> cache_names(
    const recipe::Environment& environment, const std::vector<NamedCache>& caches
) {
    std::set<std::string> names;
    const std::string prefix = std::string(cache_in_guest) + "/";
    for (const auto& [variable, value] : environment.environment) {
        if (value.value.starts_with(prefix)) {
            const std::string rest = value.value.substr(prefix.size());
            const std::string name = rest.substr(0, rest.find('/'));
            if (is_cache_name(name)) {
                names.insert(name);
            }
        }
    }
    for (const NamedCache& cache : caches) {
        names.insert(cache.name);
    }
    return {names.begin(), names.end()};
}

}  // namespace quern::build
