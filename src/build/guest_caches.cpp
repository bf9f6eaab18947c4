// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/guest_caches.hpp"

#include "build/cache_report.hpp"
#include "build/toolchain.hpp"
#include "support/cache_directory.hpp"
#include "support/cancel.hpp"
#include "support/digest.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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

std::string in_guest(std::string_view name) {
    return fmt::format("{}/{}", cache_in_guest, name);
}

// As an engine may call it: by what it is on this machine.
std::string engine_name(const std::filesystem::path& place) {
    constexpr std::size_t length = 32;
    return "quern-cache-" + digest_of(DigestKind::sha256, place.string()).hex().substr(0, length);
}

timespec now() {
    // The clock of the file system's own dates.
    timespec time = {};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
    return time;
}

// By the compilers' names: the program that stands in front of them.
Result<void> make_wrappers(const FileTree& directory, const CacheRequest& request) {
    QUERN_TRY(const FileTree root, FileTree::open(request.root));
    const std::string program = "usr/bin/" + request.wrapper;
    if (!root.exists(program)) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("the package {} has no /{}", request.wrapper, program)
        )
            .help(fmt::format("leave --cache {} out", request.wrapper));
    }
    QUERN_TRY(const std::vector<std::string> compilers, compilers_of(root));
    for (const std::string& compiler : compilers) {
        // sccache does not look at the name by which it is called.
        QUERN_CHECK(
            request.wrapper == "ccache"
                ? directory.make_symlink(compiler, "/" + program)
                : directory.write(
                      compiler,
                      fmt::format("#!/bin/sh\nexec /{} /usr/bin/{} \"$@\"\n", program, compiler),
                      0755
                  )
        );
    }
    return directory.write(toolchain_file, request.toolchain);
}

}  // namespace

Result<void> GuestCaches::make_mount_point(std::string_view name) const {
    if (base_.empty()) {
        return {};
    }
    QUERN_TRY(const FileTree tree, FileTree::open(base_));
    return tree.make_directories(name);
}

Result<void> GuestCaches::add_base(
    const std::filesystem::path& directory,
    const std::filesystem::path& scratch,
    const Services& services
) {
    std::error_code failure;
    const bool is_there = !directory.empty() && std::filesystem::is_directory(directory, failure);
    const bool is_mounted = services.sandbox.form() == sandbox::GuestForm::mounted;
    std::filesystem::path base;
    if (!is_there) {
        QUERN_TRY(base, make_shared(scratch / "cache", "empty", services.ids));
    } else if (!is_mounted) {
        base = std::filesystem::absolute(directory, failure);
    } else {
        const auto lower = std::filesystem::absolute(directory, failure);
        QUERN_TRY(rootfs::Overlay overlay, rootfs::Overlay::mount(lower, scratch / "cache"));
        base = overlay.path();
        const std::uint32_t root = services.ids.first;
        if (services.ids.count > 1 && ::chown(base.c_str(), root, root) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("giving {} to the guest", base.string()));
        }
        overlays_.push_back(std::move(overlay));
    }
    mounts_.push_back({base, std::string(cache_in_guest)});
    base_ = is_mounted ? base : std::filesystem::path();
    return {};
}

Result<void> GuestCaches::add_names(
    const CacheRequest& request, const std::filesystem::path& scratch, const Services& services
) {
    // Trees hold ids on disk, so caches of other id ranges are others.
    const std::string ids = fmt::format("{}-{}", services.ids.first, services.ids.count);
    const std::filesystem::path all = services.cache_directory / "languages";
    const std::filesystem::path kept =
        request.recipe.empty() ? all / ids : all / (ids + "-recipes") / request.recipe;
    const sandbox::GuestForm form = services.sandbox.form();
    for (const std::string& name : request.names) {
        QUERN_CHECK(make_mount_point(name));
        QUERN_TRY(const FileTree parent, FileTree::create(kept));
        QUERN_TRY(
            FileLock in_use, use_tree(kept / fmt::format(".{}.lock", name), FileLock::Mode::shared)
        );
        in_use_.push_back(std::move(in_use));
        QUERN_TRY(std::filesystem::path place, make_shared(kept, name, services.ids));
        if (request.is_read_only && form == sandbox::GuestForm::mounted) {
            QUERN_TRY(
                rootfs::Overlay overlay, rootfs::Overlay::mount(place, scratch / ("cache-" + name))
            );
            place = overlay.path();
            overlays_.push_back(std::move(overlay));
            QUERN_CHECK(share(place, services.ids));
        }
        // An engine keeps what it has itself.
        const bool is_here = form != sandbox::GuestForm::remote;
        places_.emplace_back(name, is_here ? place : std::filesystem::path());
        const std::string key = engine_name(place);
        mounts_.push_back({std::move(place), in_guest(name), false, key, request.is_read_only});
    }
    return {};
}

Result<void> GuestCaches::add_wrappers(
    const CacheRequest& request, const std::filesystem::path& scratch, const Services& services
) {
    if (request.wrapper.empty()) {
        return {};
    }
    QUERN_CHECK(make_mount_point(wrappers_directory));
    QUERN_CHECK(make_mount_point(statistics_directory));
    const std::filesystem::path wrappers = scratch / "wrappers";
    QUERN_TRY(const FileTree directory, FileTree::create(wrappers));
    QUERN_CHECK(make_wrappers(directory, request));
    mounts_.push_back({wrappers, in_guest(wrappers_directory), true});
    QUERN_TRY(const auto counted, make_shared(scratch / "counted", "by-steps", services.ids));
    mounts_.push_back({counted, in_guest(statistics_directory)});
    QUERN_TRY(FileTree tree, FileTree::open(counted));
    statistics_.emplace(std::move(tree));
    return {};
}

void GuestCaches::collect(const sandbox::Guest& guest, const Services& services) const {
    for (const sandbox::Mount& mount : mounts_) {
        if (services.cancel.is_requested() || mount.target == cache_in_guest) {
            continue;
        }
        auto brought = services.sandbox.fetch_mount(guest, mount, services.cancel);
        if (!brought) {
            services.reporter.warning(fmt::format(
                "what steps left in {} is not kept: {}", mount.target, brought.error().message()
            ));
        }
    }
}

std::vector<CacheReport> GuestCaches::report() const {
    constexpr std::uint64_t longest_log = std::uint64_t{32} << 20U;
    std::vector<CacheReport> reports;
    for (const auto& [name, place] : places_) {
        CacheReport report;
        const auto tree = FileTree::open(place);
        if (tree) {
            report = look_at_cache(*tree, opened_);
        }
        report.name = name;
        report.is_counted = tree.has_value();
        if (name == "ccache" && statistics_) {
            const auto log = statistics_->read(name, longest_log);
            if (log || log.error().code() == ErrorCode::not_found) {
                report.counts = count_calls(log ? std::string_view(*log) : std::string_view());
            }
        }
        reports.push_back(std::move(report));
    }
    return reports;
}

Result<GuestCaches> GuestCaches::open(
    const std::filesystem::path& cache_directory,
    const CacheRequest& request,
    const std::filesystem::path& scratch,
    const Services& services
) {
    GuestCaches caches;
    caches.opened_ = now();
    QUERN_CHECK(caches.add_base(cache_directory, scratch, services));
    QUERN_CHECK(caches.add_names(request, scratch, services));
    QUERN_CHECK(caches.add_wrappers(request, scratch, services));
    return caches;
}

}  // namespace quern::build
