// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A build holds a shared lock on its workspace; whoever gets the exclusive one knows that the build
// is dead.

#include "build/workspace.hpp"

#include "support/log.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace quern::build {
namespace {

constexpr const char* prefix = "build-";

bool is_abandoned(const std::filesystem::path& workspace) {
    const UniqueFd lock(::open((workspace / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!lock) {
        return false;
    }
    return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
}

void remove_abandoned(const std::filesystem::path& parent) {
    std::error_code failure;
    std::vector<std::filesystem::path> abandoned;
    for (const auto& entry : std::filesystem::directory_iterator(parent, failure)) {
        if (entry.path().filename().string().starts_with(prefix) && is_abandoned(entry.path())) {
            abandoned.push_back(entry.path());
        }
    }
    for (const std::filesystem::path& path : abandoned) {
        if (auto removed = remove_tree(path); !removed) {
            log::write(log::Level::debug, "build", removed.error().message());
        }
    }
}

Result<std::filesystem::path> make_fresh_directory(const std::filesystem::path& parent) {
    std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
        return Error::system(errno, fmt::format("making a workspace in {}", parent.string()));
    }
    return std::filesystem::path(name);
}

Result<void> give(int parent_fd, const std::string& name, const GuestIds& ids) {
    if (ids.count <= 1) {
        return {};
    }
    const std::uint32_t root = ids.to_host(0);
    if (::fchownat(parent_fd, name.c_str(), root, root, AT_SYMLINK_NOFOLLOW) != 0) {
        return Error::system(errno, fmt::format("giving {} to the guest", name));
    }
    return {};
}

}  // namespace

Result<Workspace> Workspace::create(
    const std::filesystem::path& parent, const std::filesystem::path& fixed, const GuestIds& ids
) {
    Workspace workspace;
    workspace.ids_ = ids;
    std::error_code failure;
    if (fixed.empty()) {
        std::filesystem::create_directories(parent, failure);
        if (failure) {
            return Error::system(failure.value(), fmt::format("making {}", parent.string()));
        }
        remove_abandoned(parent);
        QUERN_TRY(workspace.path_, make_fresh_directory(parent));
    } else {
        workspace.path_ = std::filesystem::absolute(fixed, failure);
        std::filesystem::create_directories(workspace.path_, failure);
        if (failure) {
            return Error::system(failure.value(), fmt::format("making {}", fixed.string()));
        }
        workspace.keep_ = true;
    }
    QUERN_TRY(auto lock, FileLock::acquire(workspace.path_ / "lock", FileLock::Mode::shared));
    workspace.lock_ = std::make_unique<FileLock>(std::move(lock));
    QUERN_TRY(const FileTree root, FileTree::open(workspace.path_));
    QUERN_CHECK(root.remove("home"));
    QUERN_CHECK(root.remove("overlay"));
    QUERN_CHECK(root.make_directories("home"));
    QUERN_CHECK(root.make_directories("overlay"));
    QUERN_CHECK(give(root.fd(), "home", ids));
    QUERN_TRY(auto home, root.subtree("home"));
    workspace.home_ = std::make_unique<FileTree>(std::move(home));
    return workspace;
}

Workspace::~Workspace() {
    if (path_.empty() || keep_) {
        return;
    }
    home_.reset();
    if (auto removed = remove_tree(path_); !removed) {
        log::write(log::Level::debug, "build", removed.error().message());
    }
}

Result<void> Workspace::make_output(std::string_view package) const {
    const std::string path = fmt::format("{}/{}", output_directory, package);
    if (home_->exists(path)) {
        return {};
    }
    const bool has_parent = home_->exists(output_directory);
    QUERN_CHECK(home_->make_directories(path));
    return give_to_guest(*home_, has_parent ? path : std::string(output_directory), ids_);
}

Result<FileTree> Workspace::output(std::string_view package) const {
    return home_->subtree(fmt::format("{}/{}", output_directory, package));
}

Result<void> give_to_guest(const FileTree& tree, std::string_view path, const GuestIds& ids) {
    if (ids.count <= 1) {
        return {};
    }
    QUERN_TRY(const auto parent, tree.open_parent(path));
    QUERN_CHECK(give(parent.first.get(), parent.second, ids));
    QUERN_TRY(const struct stat status, tree.status(path));
    if (!S_ISDIR(status.st_mode)) {
        return {};
    }
    return tree.walk(path, [&](const TreeEntry& entry) {
        return give(entry.parent_fd, std::string(entry.name()), ids);
    });
}

}  // namespace quern::build
