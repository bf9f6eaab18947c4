// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/named_caches.hpp"
#include "quern/build.hpp"
#include "quern/sandbox.hpp"
#include "rootfs/overlay.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::build {

/// Which caches a guest has, who shares them, and whether steps change them.
struct CacheRequest {
    std::vector<std::string> names;  ///< below /var/cache/melange
    std::string recipe = {};         ///< whose package has caches of its own; empty: shared by all
    bool is_read_only = false;       ///< what steps add is gone with the build
    std::string wrapper = {};        ///< a program of the guest in front of its compilers, or empty
    std::string toolchain = {};      ///< what these are made of
    std::filesystem::path root = {};  ///< the tree that has them
};

/// What a guest sees at /var/cache/melange: the user's --cache-dir, whose files no guest can change
/// (what is written over them is gone afterwards), and in it the caches of languages and compilers,
/// which are kept, and shared as `CacheRequest` says.
class GuestCaches {
 public:
    /// `scratch` is a directory of the build's own. Errors: io, sandbox; not_found (the guest has
    /// no such wrapper).
    static Result<GuestCaches> open(
        const std::filesystem::path& cache_directory,
        const CacheRequest& request,
        const std::filesystem::path& scratch,
        const Services& services
    );
    const std::vector<sandbox::Mount>& mounts() const { return mounts_; }

    /// Where caches are no mounts: brings here what steps left in them, which no later build sees
    /// otherwise. `guest` is the one that they were mounted in. What fails is a warning.
    void collect(const sandbox::Guest& guest, const Services& services) const;

    /// What each cache holds by now, and what of it is new since `open`. What cannot be read is
    /// left out: it is no reason for a build to fail.
    std::vector<CacheReport> report() const;

 private:
    GuestCaches() = default;
    Result<void> add_base(
        const std::filesystem::path& directory,
        const std::filesystem::path& scratch,
        const Services& services
    );
    Result<void> add_names(
        const CacheRequest& request, const std::filesystem::path& scratch, const Services& services
    );
    Result<void> add_wrappers(
        const CacheRequest& request, const std::filesystem::path& scratch, const Services& services
    );
    Result<void> make_mount_point(std::string_view name) const;
    std::filesystem::path base_;    ///< of mount points; empty: none are needed
    std::vector<FileLock> in_use_;  ///< so that nobody drops a cache of ours meanwhile
    std::vector<rootfs::Overlay> overlays_;
    std::vector<sandbox::Mount> mounts_;
    std::vector<std::pair<std::string, std::filesystem::path>> places_;  ///< of caches, by name
    std::optional<FileTree> statistics_;  ///< stays where it is when a failed guest is kept
    timespec opened_ = {};
};

}  // namespace quern::build
