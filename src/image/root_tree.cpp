// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A path is walked part by part with the chain of directories behind it, so that ".." is the
// directory that was come from, as the kernel does it.
#include "image/root_tree.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace quern::image {
namespace {

constexpr int max_links = 40;  // Source: Linux, MAXSYMLINKS of include/linux/namei.h

Error path_error(int err, std::string_view action, std::string_view path) {
    return Error::system(
        err, fmt::format("{} /{} in the image", action, printable(without_root(path)))
    );
}

std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos
               ? std::pair(std::string_view(), path)
               : std::pair(path.substr(0, slash), path.substr(slash + 1));
}

}  // namespace

std::string_view without_root(std::string_view path) {
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    return path;
}

RootTree::RootTree() : root_(std::make_shared<Inode>()) {
    root_->type = archive::TarType::directory;
    root_->mode = 0755;
}

Inode* RootTree::walk(Inode* from, std::string_view path, bool follow_last, int& links_left) const {
    // `from` is always the root here; the chain is what ".." goes back through.
    std::vector<Inode*> chain = {from};
    std::vector<std::string> pending;
    const auto push = [&](std::string_view text) {
        const auto parts = split(text, '/');
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
            if (!part->empty() && *part != ".") {
                pending.emplace_back(*part);
            }
        }
    };
    push(path);
    while (!pending.empty()) {
        const std::string part = std::move(pending.back());
        pending.pop_back();
        if (part == "..") {
            if (chain.size() > 1) {
                chain.pop_back();
            }
            continue;
        }
        Inode* directory = chain.back();
        const auto child = directory->children.find(part);
        if (!directory->is_directory() || child == directory->children.end()) {
            return nullptr;
        }
        Inode* next = child->second.inode.get();
        if (next->is_symlink() && (follow_last || !pending.empty())) {
            if (--links_left < 0) {
                return nullptr;
            }
            if (next->link_target.starts_with('/')) {
                chain.resize(1);
            }
            push(next->link_target);
            continue;
        }
        chain.push_back(next);
    }
    return chain.back();
}

Inode* RootTree::find(std::string_view path, bool follow) {
    int links_left = max_links;
    return walk(root_.get(), path, follow, links_left);
}

const Inode* RootTree::find(std::string_view path, bool follow) const {
    int links_left = max_links;
    return walk(root_.get(), path, follow, links_left);
}

Result<RootTree::Place> RootTree::place(std::string_view path) {
    const auto [parent, name] = split_last(path);
    if (name.empty() || name == "." || name == "..") {
        return path_error(EINVAL, "finding", path);
    }
    Inode* directory = find(parent);
    if (directory == nullptr) {
        return path_error(ENOENT, "finding the directory of", path);
    }
    if (!directory->is_directory()) {
        return path_error(ENOTDIR, "finding the directory of", path);
    }
    const auto entry = directory->children.find(name);
    return Place{
        directory,
        std::string(name),
        entry == directory->children.end() ? nullptr : &entry->second};
}

Result<Inode*> RootTree::make_directories(
    std::string_view path, std::uint32_t mode, std::int64_t mtime
) {
    std::string so_far;
    Inode* directory = root_.get();
    for (const std::string_view part : split(path, '/')) {
        if (part.empty() || part == ".") {
            continue;
        }
        so_far += "/";
        so_far += part;
        Inode* next = find(so_far);
        if (next == nullptr) {
            Inode made;
            made.type = archive::TarType::directory;
            made.mode = mode;
            made.mtime = mtime;
            QUERN_TRY(next, add(so_far, std::move(made)));
        } else if (!next->is_directory()) {
            return path_error(ENOTDIR, "making the directory", path);
        }
        directory = next;
    }
    return directory;
}

Result<Inode*> RootTree::write(std::string_view path, std::string text, std::uint32_t mode) {
    Inode* existing = find(path);
    if (existing == nullptr) {
        Inode made;
        made.mode = mode;
        made.content.text = std::move(text);
        return add(path, std::move(made));
    }
    if (!existing->is_file()) {
        return path_error(existing->is_directory() ? EISDIR : EINVAL, "writing", path);
    }
    existing->content = {};
    existing->content.text = std::move(text);
    return existing;
}

Result<Inode*> RootTree::add_symlink(
    std::string_view path, std::string target, std::int64_t mtime
) {
    Inode link;
    link.type = archive::TarType::symlink;
    link.mode = 0777;
    link.mtime = mtime;
    link.link_target = std::move(target);
    return add(path, std::move(link));
}

Result<Inode*> RootTree::add(std::string_view path, Inode inode) {
    QUERN_TRY(const Place where, place(path));
    if (where.entry != nullptr) {
        return path_error(EEXIST, "making", path);
    }
    auto made = std::make_shared<Inode>(std::move(inode));
    Inode* pointer = made.get();
    where.directory->children[where.name].inode = std::move(made);
    return pointer;
}

}  // namespace quern::image
