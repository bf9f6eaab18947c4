// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/path_mutations.hpp"

#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace quern::rootfs {
namespace {

Attributes attributes_of(const PathMutation& mutation) {
    return {.uid = mutation.uid, .gid = mutation.gid, .mode = mutation.permissions};
}

std::string parent_of(const std::string& path) {
    return std::string(split_path(path).first);
}

Result<void> make_hard_link(const GuestTree& tree, const PathMutation& mutation) {
    QUERN_TRY(const auto source, tree.open_parent(mutation.source));
    QUERN_TRY(const auto target, tree.open_parent(mutation.path));
    ::unlinkat(target.first.get(), target.second.c_str(), 0);
    if (::linkat(
            source.first.get(), source.second.c_str(), target.first.get(), target.second.c_str(), 0
        ) != 0) {
        const int err = errno;
        return Error::system(
            err, fmt::format("linking {} to {} in the root", mutation.path, mutation.source)
        );
    }
    return {};
}

Result<void> set_permissions(const GuestTree& tree, const PathMutation& mutation) {
    QUERN_TRY(const auto place, tree.open_parent(mutation.path));
    const auto status = tree.status(mutation.path);
    if (!status) {
        return Error(
            ErrorCode::not_found,
            fmt::format("there is no {} in the root to set permissions of", mutation.path)
        );
    }
    QUERN_CHECK(tree.set_attributes(
        place.first.get(), place.second, attributes_of(mutation), S_ISLNK(status->st_mode)
    ));
    if (!mutation.recursive || !S_ISDIR(status->st_mode)) {
        return {};
    }
    QUERN_TRY(UniqueFd directory, tree.open_directory(mutation.path));
    const FileTree below(std::move(directory));
    return below.walk("", [&](const TreeEntry& entry) {
        return tree.set_attributes(
            entry.parent_fd,
            std::string(entry.name()),
            attributes_of(mutation),
            S_ISLNK(entry.status.st_mode)
        );
    });
}

Result<void> apply(const GuestTree& tree, const PathMutation& mutation) {
    switch (mutation.type) {
        case PathType::directory:
            QUERN_CHECK(tree.make_directories(mutation.path, attributes_of(mutation)));
            break;
        case PathType::empty_file:
            QUERN_CHECK(tree.make_directories(parent_of(mutation.path)));
            QUERN_CHECK(tree.write(mutation.path, {}, attributes_of(mutation)));
            break;
        case PathType::hard_link:
            QUERN_CHECK(make_hard_link(tree, mutation));
            break;
        case PathType::symlink:
            QUERN_CHECK(tree.make_directories(parent_of(mutation.path)));
            return tree.make_symlink(mutation.path, mutation.source);
        case PathType::permissions:
            break;
    }
    return set_permissions(tree, mutation);
}

}  // namespace

Result<void> apply_paths(const GuestTree& tree, const std::vector<PathMutation>& paths) {
    for (const PathMutation& mutation : paths) {
        if (auto applied = apply(tree, mutation); !applied) {
            return std::move(applied).error().context(
                fmt::format("the path '{}'", printable(mutation.path))
            );
        }
    }
    return {};
}

}  // namespace quern::rootfs
