// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/disk_bound.hpp"
#include "build/snapshots.hpp"
#include "build/workspace.hpp"
#include "quern/build.hpp"
#include "quern/sandbox.hpp"
#include "rootfs/layer_cache.hpp"
#include "rootfs/overlay.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quern::build {

/// What it takes to see a guest again: the trees under its overlay, topmost first, and the
/// directory of the overlay itself. `home` is set where the workspace is no part of the overlay.
struct GuestPlace {
    std::vector<std::filesystem::path> lowers;
    std::filesystem::path overlay;
    std::filesystem::path home;
};

/// Ends a guest that a sandbox keeps something of.
struct StopGuest {
    sandbox::Sandbox* sandbox = nullptr;
    void operator()(const sandbox::Guest* guest) const noexcept;
};

/// A guest of its own for one build or one test block: an overlay on a cached root with a workspace
/// at /home/build, or what the sandbox wants in place of an overlay. Gone with this object, unless
/// the workspace is kept.
class OwnGuest {
 public:
    /// `fixed` is the workspace that the user named, which is then a plain directory; empty: a
    /// fresh one below the cache. Errors: io, sandbox (no overlay here).
    static Result<OwnGuest> create(
        const rootfs::CachedRoot& root, const std::filesystem::path& fixed, const Services& services
    );
    /// A guest whose changes can be frozen after each step. The workspace lies in the overlay.
    static Result<OwnGuest> create_layered(
        const rootfs::CachedRoot& root, Snapshots snapshots, const Services& services
    );

    Workspace& workspace() { return workspace_; }
    const Workspace& workspace() const { return workspace_; }
    const sandbox::Guest& guest() const { return guest_; }
    const std::filesystem::path& root() const { return guest_.root; }

    /// Where all that steps have written by now lies on this machine, and in a copied guest the
    /// root that it began as too.
    std::vector<std::filesystem::path> written() const;

    /// Mounts in addition to the tree, from now on.
    void add_mounts(const std::vector<sandbox::Mount>& mounts);

    /// Whether another command can take it up later: not what lies in an engine, or is a copy.
    bool can_be_kept() const { return workspace_.is_own() && !running_; }

    bool is_layered() const { return snapshots_.has_value(); }
    /// Takes up the latest state of which all layers are at hand, among the first `limit` + 1 of
    /// `keys`; gives its index, or nothing. Before anything was frozen. Errors: io, sandbox.
    Result<std::optional<std::size_t>> resume(
        const std::vector<std::string>& keys, std::size_t limit
    );
    /// Keeps what has changed since the last time as the layer of this state, and what was printed
    /// on the way. Does nothing in a plain guest, and where there are too many layers. Errors: io,
    /// sandbox.
    Result<void> freeze(const std::string& key, const FileRange& output);
    /// Where the output that was kept with a state is, which may be nowhere.
    std::filesystem::path kept_output(const std::string& key) const;

    /// Takes the guest apart and gives the directory of its workspace, which is then the caller's,
    /// and how to put the guest together, in paths below that directory or absolute ones.
    Result<std::pair<std::filesystem::path, GuestPlace>> abandon() &&;

 private:
    OwnGuest(Workspace workspace, std::filesystem::path root)
        : workspace_(std::move(workspace)), root_tree_(std::move(root)) {}
    static Result<OwnGuest> create_unmounted(
        const rootfs::CachedRoot& root, const std::filesystem::path& fixed, const Services& services
    );
    Result<void> mount_level();
    std::vector<std::filesystem::path> lowers() const;
    std::filesystem::path level_path() const;

    Workspace workspace_;  ///< outlives the overlay, which lies in it
    std::filesystem::path root_tree_;
    std::optional<Snapshots> snapshots_;
    std::vector<std::filesystem::path> layers_;  ///< the oldest first
    std::size_t level_ = 0;                      ///< of the overlay that is mounted
    std::optional<rootfs::Overlay> overlay_;
    sandbox::Guest guest_;
    std::unique_ptr<const sandbox::Guest, StopGuest> running_;  ///< of guests that are no overlay
    std::vector<sandbox::Mount> more_mounts_;
};

/// What a guest sees: the merged tree, with the workspace over it unless it lies in it.
sandbox::Guest make_guest(const std::filesystem::path& merged, const std::filesystem::path& home);

/// A bound on what steps write in the guest, which outlives it; nothing if `bytes` is 0.
std::optional<DiskBound> bound_disk(
    std::uint64_t bytes, const OwnGuest& own, const Services& services
);

}  // namespace quern::build
