// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/path_changes.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string>

namespace quern::image {
namespace {

Result<void> add_empty_file(RootTree& tree, const PathMutation& mutation) {
    const std::size_t slash = mutation.path.rfind('/');
    if (slash != std::string::npos) {
        QUERN_CHECK(tree.make_directories(mutation.path.substr(0, slash)));
    }
    QUERN_CHECK(tree.write(mutation.path, {}));
    return {};
}

Result<void> add_hard_link(RootTree& tree, const PathMutation& mutation) {
    QUERN_TRY(const RootTree::Place source, tree.place(mutation.source));
    if (source.entry == nullptr || source.entry->inode->is_directory()) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("{} is no file of the image", printable(mutation.source))
        )
            .help("`source` is a path in the image");
    }
    QUERN_TRY(const RootTree::Place place, tree.place(mutation.path));
    if (place.entry != nullptr && place.entry->inode->is_directory()) {
        return Error::system(EISDIR, "replacing it");
    }
    place.directory->children[place.name] = {source.entry->inode, {}};
    return {};
}

Result<void> create(RootTree& tree, const PathMutation& mutation) {
    if (mutation.type == "directory") {
        QUERN_CHECK(tree.make_directories(mutation.path, mutation.permissions));
    } else if (mutation.type == "empty-file") {
        QUERN_CHECK(add_empty_file(tree, mutation));
    } else if (mutation.type == "hardlink") {
        QUERN_CHECK(add_hard_link(tree, mutation));
    } else if (mutation.type == "symlink") {
        QUERN_CHECK(tree.add_symlink(mutation.path, mutation.source, 0));
    }
    return {};
}

// As chmod and chown do: through a link in the last part.
Result<void> set_owner_and_mode(
    RootTree& tree, const std::string& path, const PathMutation& mutation
) {
    Inode* inode = tree.find(path);
    if (inode == nullptr) {
        return Error(ErrorCode::not_found, fmt::format("{} is not in the image", printable(path)))
            .help(
                "permissions are set on what a link leads to: it must be there, from a package or "
                "from a path that stands above this one"
            );
    }
    inode->mode = mutation.permissions;
    if (mutation.uid || mutation.gid) {
        inode->uid = mutation.uid.value_or(0);
        inode->gid = mutation.gid.value_or(0);
    }
    return {};
}

Result<void> set_below(RootTree& tree, const std::string& path, const PathMutation& mutation) {
    QUERN_CHECK(set_owner_and_mode(tree, path, mutation));
    const Inode* directory = tree.find(path, false);
    if (directory == nullptr || !directory->is_directory()) {
        return {};
    }
    for (const auto& [name, child] : directory->children) {
        QUERN_CHECK(set_below(tree, fmt::format("{}/{}", path, name), mutation));
    }
    return {};
}

/// What to do about something that is in the way.
std::string way_around(const PathMutation& mutation) {
    if (mutation.type == "symlink") {
        return "a symlink replaces nothing: give it a path where no package has a file";
    }
    if (mutation.type == "directory") {
        return "a file of a package is in the way: give the directory another path";
    }
    return "all above the path must be directories, and it must not be one: give another path";
}

Result<void> change(RootTree& tree, const PathMutation& mutation) {
    QUERN_CHECK(create(tree, mutation));
    const bool goes_below =
        mutation.recursive && (mutation.type == "directory" || mutation.type == "permissions");
    const std::string path = "/" + std::string(without_root(mutation.path));
    return goes_below ? set_below(tree, path, mutation) : set_owner_and_mode(tree, path, mutation);
}

}  // namespace

Result<void> change_paths(RootTree& tree, const std::vector<PathMutation>& paths) {
    for (const PathMutation& mutation : paths) {
        if (auto changed = change(tree, mutation); !changed) {
            Error error = std::move(changed).error().context(
                fmt::format("paths: {} {}", mutation.type, printable(mutation.path))
            );
            return error.help().empty() ? std::move(error).help(way_around(mutation))
                                        : std::move(error);
        }
    }
    return {};
}

}  // namespace quern::image
