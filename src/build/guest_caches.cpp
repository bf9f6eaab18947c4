// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/guest_caches.hpp"

#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

namespace quern::build {
namespace {

// Users of the guest other than root write there too; the directories above are for this user only.
constexpr mode_t shared_mode = 01777;

Result<void> share(const std::filesystem::path& place, const GuestIds& ids) {
    const bool is_given = ids.count <= 1 || ::chown(place.c_str(), ids.first, ids.first) == 0;
    if (!is_given || ::chmod(place.c_str(), shared_mode) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("giving {} to the guest", place.string()));
    }
    return {};
}

Result<std::filesystem::path> make_shared(
    const std::filesystem::path& parent, const std::string& name, const GuestIds& ids
) {
    QUERN_TRY(const FileTree tree, FileTree::create(parent));
    QUERN_CHECK(tree.make_directories(name));
    QUERN_TRY(const FileTree made, tree.subtree(name));
    const bool is_given = ids.count <= 1 || ::fchown(made.fd(), ids.first, ids.first) == 0;
    if (!is_given || ::fchmod(made.fd(), shared_mode) != 0 || ::fchmod(tree.fd(), S_IRWXU) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("making the cache {}", (parent / name).string()));
    }
    return parent / name;
}

}  // namespace

std::vector<std::string> language_caches(const recipe::Environment& environment) {
    std::set<std::string> names;
    const std::string prefix = std::string(cache_in_guest) + "/";
    for (const auto& [variable, value] : environment.environment) {
        if (value.value.starts_with(prefix)) {
            const std::string rest = value.value.substr(prefix.size());
            const std::string name = rest.substr(0, rest.find('/'));
            if (is_confined_path(name) && name.find(':') == std::string::npos) {
                names.insert(name);
            }
        }
    }
    return {names.begin(), names.end()};
}

Result<void> GuestCaches::add_languages(
    const std::filesystem::path& base,
    const recipe::Environment& environment,
    const std::filesystem::path& scratch,
    const CacheSharing& sharing,
    const Services& services
) {
    // Trees hold ids on disk, so caches of other id ranges are others.
    const std::string ids = fmt::format("{}-{}", services.ids.first, services.ids.count);
    const std::filesystem::path all = services.cache_directory / "languages";
    const std::filesystem::path kept =
        sharing.recipe.empty() ? all / ids : all / (ids + "-recipes") / sharing.recipe;
    QUERN_TRY(const FileTree mount_points, FileTree::open(base));
    for (const std::string& name : language_caches(environment)) {
        QUERN_CHECK(mount_points.make_directories(name));
        QUERN_TRY(std::filesystem::path place, make_shared(kept, name, services.ids));
        if (sharing.is_read_only) {
            QUERN_TRY(
                rootfs::Overlay overlay, rootfs::Overlay::mount(place, scratch / ("cache-" + name))
            );
            place = overlay.path();
            overlays_.push_back(std::move(overlay));
            QUERN_CHECK(share(place, services.ids));
        }
        mounts_.push_back({std::move(place), fmt::format("{}/{}", cache_in_guest, name), false});
    }
    return {};
}

Result<GuestCaches> GuestCaches::open(
    const std::filesystem::path& cache_directory,
    const recipe::Environment& environment,
    const std::filesystem::path& scratch,
    const CacheSharing& sharing,
    const Services& services
) {
    GuestCaches caches;
    std::error_code failure;
    std::filesystem::path base;
    const bool is_there =
        !cache_directory.empty() && std::filesystem::is_directory(cache_directory, failure);
    if (services.sandbox.form() != sandbox::GuestForm::mounted) {
        // Copied in, as all mounts there; nothing that steps add comes back.
        QUERN_TRY(base, make_shared(scratch / "cache", "empty", services.ids));
        caches.mounts_.push_back(
            {is_there ? std::filesystem::absolute(cache_directory, failure) : base,
             std::string(cache_in_guest),
             false}
        );
        return caches;
    }
    if (is_there) {
        const auto lower = std::filesystem::absolute(cache_directory, failure);
        QUERN_TRY(rootfs::Overlay overlay, rootfs::Overlay::mount(lower, scratch / "cache"));
        base = overlay.path();
        const std::uint32_t root = services.ids.first;
        if (services.ids.count > 1 && ::chown(base.c_str(), root, root) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("giving {} to the guest", base.string()));
        }
        caches.overlays_.push_back(std::move(overlay));
    } else {
        QUERN_TRY(base, make_shared(scratch / "cache", "empty", services.ids));
    }
    caches.mounts_.push_back({base, std::string(cache_in_guest), false});
    QUERN_CHECK(caches.add_languages(base, environment, scratch, sharing, services));
    return caches;
}

}  // namespace quern::build
