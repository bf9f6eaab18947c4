// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/workspace.hpp"
#include "quern/build.hpp"
#include "quern/sandbox.hpp"
#include "rootfs/layer_cache.hpp"
#include "rootfs/overlay.hpp"

#include <filesystem>
#include <optional>

namespace quern::build {

/// A guest of its own for one build or one test block: an overlay on a cached root with a workspace
/// at /home/build. Gone with this object, unless the workspace is kept.
class OwnGuest {
 public:
    /// `fixed` is the workspace that the user named; empty: a fresh one below the cache.
    /// Errors: io, sandbox (no overlay here).
    static Result<OwnGuest> create(
        const rootfs::CachedRoot& root, const std::filesystem::path& fixed, const Services& services
    );

    Workspace& workspace() { return workspace_; }
    const Workspace& workspace() const { return workspace_; }
    const sandbox::Guest& guest() const { return guest_; }
    const std::filesystem::path& root() const { return guest_.root; }
    /// The cached tree under the overlay.
    const std::filesystem::path& lower_root() const { return lower_; }

    /// Takes the guest apart and gives the directory of its workspace, which is then the caller's.
    Result<std::filesystem::path> abandon() &&;

 private:
    OwnGuest(Workspace workspace, rootfs::Overlay overlay, std::filesystem::path lower);
    Workspace workspace_;  ///< outlives the overlay, which lies in it
    std::optional<rootfs::Overlay> overlay_;
    std::filesystem::path lower_;
    sandbox::Guest guest_;
};

/// What a guest sees: the merged tree with the workspace over it.
sandbox::Guest make_guest(
    const std::filesystem::path& merged, const std::filesystem::path& workspace_home
);

}  // namespace quern::build
