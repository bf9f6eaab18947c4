// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/recipe.hpp"
#include "quern/sandbox.hpp"
#include "rootfs/overlay.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quern::build {

/// Where guests see the cache. Source: recipe-and-build 1.1, --cache-dir.
inline constexpr std::string_view cache_in_guest = "/var/cache/melange";

/// Who shares the caches of languages, and whether steps change them.
struct CacheSharing {
    std::string recipe;         ///< whose package has caches of its own; empty: shared by all
    bool is_read_only = false;  ///< what steps add is gone with the build
};

/// What a guest sees at /var/cache/melange: the user's --cache-dir, whose files no guest can change
/// (what is written over them is gone afterwards), and in it the caches of languages, which are
/// kept, and shared as `CacheSharing` says.
class GuestCaches {
 public:
    /// `scratch` is a directory of the build's own. Every variable of `environment` whose value
    /// lies directly below /var/cache/melange names a cache of a language. Errors: io, sandbox.
    static Result<GuestCaches> open(
        const std::filesystem::path& cache_directory,
        const recipe::Environment& environment,
        const std::filesystem::path& scratch,
        const CacheSharing& sharing,
        const Services& services
    );
    const std::vector<sandbox::Mount>& mounts() const { return mounts_; }

 private:
    GuestCaches() = default;
    Result<void> add_languages(
        const std::filesystem::path& base,
        const recipe::Environment& environment,
        const std::filesystem::path& scratch,
        const CacheSharing& sharing,
        const Services& services
    );
    std::vector<rootfs::Overlay> overlays_;
    std::vector<sandbox::Mount> mounts_;
};

/// Names below /var/cache/melange that variables of the environment ask for, sorted, each once.
std::vector<std::string> language_caches(const recipe::Environment& environment);

}  // namespace quern::build
