// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A layered guest is a stack: the cached root, one layer for each frozen state, and the upper layer
// of an overlay that takes what the running step changes. To freeze is to take the overlay down,
// move its upper layer into the store, and mount a new overlay over it: nothing is copied.

#include "build/guest.hpp"

#include "sandbox/tree_stream.hpp"

#include <string>
#include <utility>

namespace quern::build {
namespace {

// The place of the workspace in a merged tree.
std::string_view home_in_root() {
    return guest_home.substr(1);
}

// What is looked up in a guest whose tree is elsewhere.
Result<void> copy_accounts(const FileTree& base, const FileTree& tree, const GuestIds& ids) {
    constexpr mode_t for_all = 01777;
    QUERN_CHECK(tree.make_directories("tmp", for_all));
    QUERN_CHECK(tree.make_directories("etc"));
    for (const char* file : {"etc/passwd", "etc/group"}) {
        if (const auto text = base.read(file)) {
            QUERN_CHECK(tree.write(file, *text));
        }
    }
    QUERN_CHECK(give_to_guest(tree, "tmp", ids));
    return give_to_guest(tree, "etc", ids);
}

}  // namespace

sandbox::Guest make_guest(const std::filesystem::path& merged, const std::filesystem::path& home) {
    sandbox::Guest guest;
    guest.root = merged;
    if (!home.empty()) {
        guest.mounts.push_back({home, std::string(guest_home), false});
    }
    return guest;
}

void StopGuest::operator()(const sandbox::Guest* guest) const noexcept {
    sandbox->stop(*guest);
    delete guest;
}

Result<OwnGuest> OwnGuest::create_unmounted(
    const rootfs::CachedRoot& root, const std::filesystem::path& fixed, const Services& services
) {
    QUERN_TRY(
        Workspace workspace,
        Workspace::create(services.cache_directory / "workspaces", fixed, services.ids)
    );
    OwnGuest own(std::move(workspace), root.tree);
    const std::filesystem::path place = own.workspace_.overlay_path() / "root";
    QUERN_TRY(const FileTree base, FileTree::open(root.tree));
    QUERN_TRY(const FileTree tree, FileTree::create(place));
    if (services.sandbox.form() == sandbox::GuestForm::copied) {
        QUERN_CHECK(sandbox::copy_tree(base, tree, services.ids, own.workspace_.overlay_path()));
    } else {
        QUERN_CHECK(copy_accounts(base, tree, services.ids));
    }
    own.guest_ = make_guest(place, {});
    own.guest_.base = root.tree;
    own.guest_.base_key = root.key;
    own.running_ = {new sandbox::Guest(own.guest_), StopGuest{&services.sandbox}};
    QUERN_CHECK(own.workspace_.use_home(place, home_in_root()));
    return own;
}

Result<OwnGuest> OwnGuest::create(
    const rootfs::CachedRoot& root, const std::filesystem::path& fixed, const Services& services
) {
    if (services.sandbox.form() != sandbox::GuestForm::mounted) {
        return create_unmounted(root, fixed, services);
    }
    QUERN_TRY(
        Workspace workspace,
        Workspace::create(services.cache_directory / "workspaces", fixed, services.ids)
    );
    OwnGuest own(std::move(workspace), root.tree);
    QUERN_TRY(rootfs::Overlay overlay, rootfs::Overlay::mount(own.lowers(), own.level_path()));
    own.guest_ = make_guest(overlay.path(), own.workspace_.home_path());
    own.overlay_ = std::move(overlay);
    return own;
}

Result<OwnGuest> OwnGuest::create_layered(
    const rootfs::CachedRoot& root, Snapshots snapshots, const Services& services
) {
    QUERN_TRY(
        Workspace workspace,
        Workspace::create(services.cache_directory / "workspaces", {}, services.ids)
    );
    OwnGuest own(std::move(workspace), root.tree);
    own.snapshots_.emplace(std::move(snapshots));
    QUERN_CHECK(own.mount_level());
    return own;
}

std::vector<std::filesystem::path> OwnGuest::lowers() const {
    std::vector<std::filesystem::path> trees(layers_.rbegin(), layers_.rend());
    trees.push_back(root_tree_);
    return trees;
}

std::filesystem::path OwnGuest::level_path() const {
    return workspace_.overlay_path() / std::to_string(level_);
}

Result<void> OwnGuest::mount_level() {
    QUERN_TRY(rootfs::Overlay overlay, rootfs::Overlay::mount(lowers(), level_path()));
    overlay_ = std::move(overlay);
    guest_ = make_guest(overlay_->path(), {});
    guest_.mounts = more_mounts_;
    return workspace_.use_home(overlay_->path(), home_in_root());
}

std::vector<std::filesystem::path> OwnGuest::written() const {
    if (running_) {
        return {guest_.root};
    }
    std::vector<std::filesystem::path> trees = layers_;
    trees.push_back(level_path() / "upper");
    if (!is_layered()) {
        trees.push_back(workspace_.home_path());
    }
    return trees;
}

void OwnGuest::add_mounts(const std::vector<sandbox::Mount>& mounts) {
    more_mounts_.insert(more_mounts_.end(), mounts.begin(), mounts.end());
    guest_.mounts.insert(guest_.mounts.end(), mounts.begin(), mounts.end());
}

Result<std::optional<std::size_t>> OwnGuest::resume(
    const std::vector<std::string>& keys, std::size_t limit
) {
    std::optional<std::size_t> latest;
    std::vector<std::filesystem::path> found;
    for (std::size_t i = 0; snapshots_ && i < keys.size() && i <= limit; ++i) {
        std::filesystem::path layer = snapshots_->find(keys[i]);
        if (layer.empty() || found.size() + 1 >= rootfs::Overlay::most_layers) {
            break;
        }
        snapshots_->touch(keys[i]);
        found.push_back(std::move(layer));
        latest = i;
    }
    if (latest) {
        workspace_.close_home();
        overlay_.reset();
        layers_ = std::move(found);
        ++level_;
        QUERN_CHECK(mount_level());
    }
    return latest;
}

std::filesystem::path OwnGuest::kept_output(const std::string& key) const {
    return snapshots_ ? snapshots_->output(key) : std::filesystem::path();
}

Result<void> OwnGuest::freeze(const std::string& key, const FileRange& output) {
    if (!snapshots_ || layers_.size() + 2 >= rootfs::Overlay::most_layers) {
        return {};
    }
    workspace_.close_home();
    overlay_.reset();
    layers_.push_back(snapshots_->keep(key, level_path() / "upper", output));
    ++level_;
    return mount_level();
}

Result<std::pair<std::filesystem::path, GuestPlace>> OwnGuest::abandon() && {
    GuestPlace place = {
        lowers(),
        level_path().lexically_relative(workspace_.path()),
        is_layered() ? std::filesystem::path()
                     : workspace_.home_path().lexically_relative(workspace_.path())};
    workspace_.close_home();
    overlay_.reset();
    workspace_.keep();
    return std::pair(workspace_.path(), std::move(place));
}

std::optional<DiskBound> bound_disk(
    std::uint64_t bytes, const OwnGuest& own, const Services& services
) {
    if (bytes == 0) {
        return std::nullopt;
    }
    const bool is_remote = services.sandbox.form() == sandbox::GuestForm::remote;
    return std::optional<DiskBound>(
        std::in_place,
        bytes,
        is_remote ? std::filesystem::path() : own.workspace().path(),
        [&own, &services, is_remote](std::uint64_t most) {
            return is_remote ? services.sandbox.written_bytes(own.guest())
                             : std::optional(bytes_on_disk(own.written(), most));
        }
    );
}

}  // namespace quern::build
