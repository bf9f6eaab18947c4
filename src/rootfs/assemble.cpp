// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Packages are placed in install order, because a later one may take over files of an earlier one;
// they are read, checked and written in any order before (unpack).

#include "rootfs/assemble.hpp"

#include "rootfs/accounts.hpp"
#include "rootfs/guest_tree.hpp"
#include "rootfs/installed_db.hpp"
#include "rootfs/path_mutations.hpp"
#include "rootfs/unpack.hpp"
#include "support/digest.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace quern::rootfs {
namespace {

// Changes whenever the same description gives another tree.
constexpr std::string_view layout_version = "3";

struct SkeletonDirectory {
    const char* path;
    std::uint32_t mode;
};

// What every root has, whatever its packages. Source: image-and-resolver 4.1; devices are the
// sandbox's.
constexpr std::array<SkeletonDirectory, 8> skeleton = {{
    {"tmp", 01777},
    {"dev", 0755},
    {"etc/apk/keys", 0755},
    {"proc", 0555},
    {"sys", 0555},
    {"home", 0755},
    {"var/cache/apk", 0755},
    {"var/cache/misc", 0755},
}};

Result<void> make_skeleton(const GuestTree& tree) {
    for (const SkeletonDirectory& directory : skeleton) {
        const std::string path = directory.path;
        const std::size_t slash = path.rfind('/');
        if (slash != std::string::npos) {
            QUERN_CHECK(tree.make_directories(path.substr(0, slash)));
        }
        QUERN_CHECK(tree.make_directories(path, {.mode = directory.mode}));
    }
    return {};
}

Result<void> own_root(const GuestTree& tree) {
    const std::uint32_t root = tree.ids().to_host(0);
    if (::fchown(tree.fd(), root, root) != 0 || ::fchmod(tree.fd(), 0755) != 0) {
        const int err = errno;
        return Error::system(err, "giving the root tree to the guest");
    }
    return {};
}

std::string lines_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

Result<void> write_settings(const GuestTree& tree, const RootDescription& description) {
    QUERN_CHECK(tree.make_directories("etc/apk/keys"));
    QUERN_CHECK(tree.write("etc/apk/arch", description.architecture + "\n", {.mode = 0644}));
    QUERN_CHECK(tree.write("etc/apk/world", lines_of(description.world), {.mode = 0644}));
    QUERN_CHECK(
        tree.write("etc/apk/repositories", lines_of(description.repositories), {.mode = 0644})
    );
    for (const auto& [name, pem] : description.keys) {
        QUERN_CHECK(tree.write("etc/apk/keys/" + name, pem, {.mode = 0644}));
    }
    return {};
}

// Beside the tree, so that no link in the tree leads there.
Result<TempDir> make_staging(const FileTree& root) {
    return TempDir::create(fmt::format("/proc/self/fd/{}/..", root.fd()), "staging-");
}

void add(Hasher& hasher, std::string_view text) {
    hasher.update(fmt::format("{}:", text.size()));
    hasher.update(text);
}

}  // namespace

std::string RootDescription::cache_key() const {
    Hasher hasher(DigestKind::sha256);
    add(hasher, layout_version);
    add(hasher, architecture);
    for (const repository::Selected& selected : packages) {
        add(hasher, selected.entry->checksum);
    }
    add(hasher, lines_of(world));
    add(hasher, lines_of(repositories));
    for (const auto& [name, pem] : keys) {
        add(hasher, name);
        add(hasher, pem);
    }
    for (const User& user : users) {
        add(hasher,
            fmt::format("u {} {} {} {} {}", user.name, user.uid, user.gid, user.shell, user.home));
    }
    for (const Group& group : groups) {
        add(hasher, fmt::format("g {} {} {}", group.name, group.gid, lines_of(group.members)));
    }
    for (const PathMutation& path : paths) {
        add(hasher,
            fmt::format(
                "p {} {} {} {} {} {} {}",
                path.path,
                static_cast<int>(path.type),
                path.uid,
                path.gid,
                path.permissions,
                path.source,
                path.recursive
            ));
    }
    return hasher.finish().hex();
}

Result<AssembleReport> assemble(
    const FileTree& root,
    const RootDescription& description,
    repository::PackageStore& store,
    const AssembleOptions& options,
    Reporter& reporter
) {
    QUERN_ASSERT(options.pool != nullptr && options.cancel != nullptr);
    QUERN_CHECK(store.prefetch(description.packages, *options.pool, reporter, *options.cancel));
    const GuestTree tree(root.fd(), options.owner);
    QUERN_CHECK(own_root(tree));
    Placement placement(tree);
    Activity activity(reporter, "unpacking packages");
    QUERN_TRY(const TempDir staging, make_staging(root));
    const std::size_t count = description.packages.size();
    const UnpackJob job = {
        .count = count,
        .open = [&](std::size_t number) { return store.open(description.packages[number]); },
        .placed = [&](std::size_t done) { activity.progress(done, count, "packages"); },
        .staging = staging.path(),
        .cancel = options.cancel,
    };
    QUERN_CHECK(unpack(job, placement, options.owner, *options.pool));
    QUERN_CHECK(make_skeleton(tree));
    QUERN_CHECK(write_settings(tree, description));
    QUERN_CHECK(write_database(tree, placement.listed_packages()));
    QUERN_CHECK(add_accounts(tree, description.users, description.groups));
    QUERN_CHECK(apply_paths(tree, description.paths));
    QUERN_CHECK(placement.settle_directory_times());
    activity.outcome("done");
    return AssembleReport{placement.files(), placement.bytes()};
}

}  // namespace quern::rootfs
