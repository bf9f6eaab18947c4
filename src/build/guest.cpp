// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/guest.hpp"

#include <utility>

namespace quern::build {

sandbox::Guest make_guest(
    const std::filesystem::path& merged, const std::filesystem::path& workspace_home
) {
    sandbox::Guest guest;
    guest.root = merged;
    guest.mounts.push_back({workspace_home, std::string(guest_home), false});
    return guest;
}

OwnGuest::OwnGuest(Workspace workspace, rootfs::Overlay overlay, std::filesystem::path lower)
    : workspace_(std::move(workspace)), overlay_(std::move(overlay)), lower_(std::move(lower)) {
    guest_ = make_guest(overlay_->path(), workspace_.home_path());
}

Result<OwnGuest> OwnGuest::create(
    const rootfs::CachedRoot& root, const std::filesystem::path& fixed, const Services& services
) {
    QUERN_TRY(
        Workspace workspace,
        Workspace::create(services.cache_directory / "workspaces", fixed, services.ids)
    );
    QUERN_TRY(rootfs::Overlay overlay, rootfs::Overlay::mount(root.tree, workspace.overlay_path()));
    return OwnGuest(std::move(workspace), std::move(overlay), root.tree);
}

Result<std::filesystem::path> OwnGuest::abandon() && {
    overlay_.reset();
    workspace_.keep();
    return workspace_.path();
}

}  // namespace quern::build
