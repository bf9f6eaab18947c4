// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/package_tree.hpp"

#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

// Entries are kept by path in byte order, which is also the order in which they are written: a
// directory's path is a prefix of those in it. Merging /bin, /sbin and /lib into /usr moves entries
// and may bring two of the same path together, so nothing can be written before all have been seen.

namespace quern::seed {

namespace {

using archive::TarEntry;
using archive::TarType;

constexpr std::array<std::string_view, 6> merged_directories = {
    "bin", "sbin", "lib", "lib64", "lib32", "libx32"};
constexpr std::uint32_t highest_id = 2'097'151;  // apk-format 1.5

std::string_view first_part(std::string_view path) {
    return path.substr(0, path.find('/'));
}

std::string parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(
        slash == std::string_view::npos ? std::string_view() : path.substr(0, slash)
    );
}

bool is_merged(std::string_view path) {
    return std::find(merged_directories.begin(), merged_directories.end(), first_part(path)) !=
           merged_directories.end();
}

/// Where `target` of a link in `directory` leads, without a leading '/'; links on the way are not
/// followed.
std::string resolve_text(const std::string& directory, std::string_view target) {
    std::vector<std::string> parts;
    const auto walk = [&](std::string_view path) {
        for (const std::string_view part : split(path, '/')) {
            if (part == ".." && !parts.empty()) {
                parts.pop_back();
            } else if (!part.empty() && part != "." && part != "..") {
                parts.emplace_back(part);
            }
        }
    };
    if (!target.starts_with('/')) {
        walk(directory);
    }
    walk(target);
    return join(parts, "/");
}

/// The target of a link that moved from `from`: what led out of the directory that moved is made
/// absolute.
std::string moved_target(const std::string& from, const std::string& target) {
    if (target.starts_with('/') || !is_merged(from)) {
        return target;
    }
    const std::string place = resolve_text(parent_of(from), target);
    return first_part(place) == first_part(from) ? target : "/" + place;
}

void make_root_owned(TarEntry& entry) {
    entry.user_name = "root";
    entry.group_name = "root";
}

}  // namespace

std::string merged_path(std::string_view path) {
    return is_merged(path) ? fmt::format("usr/{}", path) : std::string(path);
}

Result<void> PackageTree::put(TarEntry entry, const ContentSpool::Place& content) {
    if (!is_confined_path(entry.path)) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("'{}' is no path within a package", printable(entry.path))
        );
    }
    const std::string path = entry.path;
    const auto found = items_.find(path);
    if (found == items_.end()) {
        items_.emplace(path, Item{std::move(entry), content});
        return {};
    }
    Item& present = found->second;
    const bool both_directories =
        present.entry.type == TarType::directory && entry.type == TarType::directory;
    const bool same_link = present.entry.type == TarType::symlink &&
                           entry.type == TarType::symlink &&
                           present.entry.link_target == entry.link_target;
    if (both_directories || same_link ||
        (present.entry.type == TarType::file && entry.type == TarType::symlink)) {
        return {};  // "bin/x" beside a compatibility link "usr/bin/x"
    }
    if (present.entry.type == TarType::symlink && entry.type == TarType::file) {
        present = Item{std::move(entry), content};
        return {};
    }
    return Error(ErrorCode::invalid_data, fmt::format("it has '{}' twice", printable(path)));
}

Result<void> PackageTree::add(TarEntry entry, archive::TarReader& content) {
    const std::string original = entry.path;
    entry.path = merged_path(original);
    entry.mtime =
        std::clamp<std::int64_t>(entry.mtime, 0, std::numeric_limits<std::uint32_t>::max());
    entry.records.clear();
    if (entry.uid > highest_id || entry.gid > highest_id) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("the owner of '{}' is over {}", printable(original), highest_id)
        );
    }
    switch (entry.type) {
        case TarType::file: {
            QUERN_TRY(const ContentSpool::Place place, spool_.add(content, entry.size));
            return put(std::move(entry), place);
        }
        case TarType::directory:
            return put(std::move(entry), {});
        case TarType::hard_link: {
            std::string_view target = entry.link_target;
            while (target.starts_with("./")) {
                target.remove_prefix(2);
            }
            entry.link_target = merged_path(target);
            return put(std::move(entry), {});
        }
        case TarType::symlink: {
            const std::string leads_to =
                merged_path(resolve_text(parent_of(original), entry.link_target));
            if (leads_to == entry.path) {
                return {};
            }
            entry.link_target = moved_target(original, entry.link_target);
            entry.mode = 0777;
            return put(std::move(entry), {});
        }
        case TarType::character_device:
        case TarType::block_device:
        case TarType::fifo:
            return {};
    }
    return {};
}

Result<void> PackageTree::add_directory(const std::string& path, std::uint32_t mode) {
    TarEntry entry;
    entry.type = TarType::directory;
    entry.path = path;
    entry.mode = mode;
    make_root_owned(entry);
    return put(std::move(entry), {});
}

Result<void> PackageTree::add_link(const std::string& path, const std::string& target) {
    TarEntry entry;
    entry.type = TarType::symlink;
    entry.path = path;
    entry.link_target = target;
    entry.mode = 0777;
    make_root_owned(entry);
    return put(std::move(entry), {});
}

Result<void> PackageTree::add_file(
    const std::string& path, std::string_view content, std::uint32_t mode
) {
    TarEntry entry;
    entry.path = path;
    entry.mode = mode;
    entry.size = content.size();
    make_root_owned(entry);
    QUERN_TRY(const ContentSpool::Place place, spool_.add(content));
    return put(std::move(entry), place);
}

/// The regular file that a hard link stands for in the end, or nothing if it leads nowhere or in a
/// circle.
std::string PackageTree::first_name(const std::string& path) const {
    std::string current = path;
    for (std::size_t steps = 0; steps <= items_.size(); ++steps) {
        const auto found = items_.find(current);
        if (found == items_.end()) {
            return {};
        }
        if (found->second.entry.type != TarType::hard_link) {
            return found->second.entry.type == TarType::file ? current : std::string();
        }
        current = found->second.entry.link_target;
    }
    return {};
}

// apk wants the file before its links: of all names of one file the first in order becomes the
// file.
Result<void> PackageTree::settle_hard_links() {
    std::map<std::string, std::vector<std::string>> names_of;
    for (const auto& [path, item] : items_) {
        if (item.entry.type == TarType::hard_link) {
            const std::string file = first_name(path);
            if (file.empty()) {
                return Error(
                    ErrorCode::invalid_data,
                    fmt::format(
                        "the hard link '{}' leads to no file of the package", printable(path)
                    )
                );
            }
            names_of[file].push_back(path);
        }
    }
    for (auto& [file, names] : names_of) {
        const std::string first = std::min(file, names.front());
        const Item original = items_.find(file)->second;
        names.push_back(file);
        for (const std::string& name : names) {
            Item& item = items_.find(name)->second;
            item = original;
            item.entry.path = name;
            if (name != first) {
                item.entry.type = TarType::hard_link;
                item.entry.link_target = first;
                item.entry.size = 0;
            }
        }
    }
    return {};
}

Result<void> PackageTree::finish() {
    QUERN_CHECK(settle_hard_links());
    std::vector<std::string> missing;
    for (const auto& [path, item] : items_) {
        for (std::string parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
            const auto found = items_.find(parent);
            if (found == items_.end()) {
                missing.push_back(parent);
            } else if (found->second.entry.type != TarType::directory) {
                return Error(
                    ErrorCode::invalid_data,
                    fmt::format(
                        "'{}' is below '{}', which is no directory",
                        printable(path),
                        printable(parent)
                    )
                );
            }
        }
    }
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    for (const std::string& path : missing) {
        QUERN_CHECK(add_directory(path, 0755));
    }
    return {};
}

Result<void> PackageTree::for_each(const Visitor& visit) {
    for (const auto& [path, item] : items_) {
        std::string_view content;
        if (item.entry.type == TarType::file) {
            QUERN_TRY(content, spool_.view(item.content));
        }
        QUERN_CHECK(visit(item.entry, content));
    }
    return {};
}

Result<void> PackageTree::write(apk::DataSink& sink) {
    return for_each([&](const TarEntry& entry, std::string_view content) {
        return entry.type == TarType::file ? sink.add_file(entry, content) : sink.add(entry);
    });
}

}  // namespace quern::seed
