// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A build's output is read here for the first time by us. Everything that a package stores of a
// file besides its bytes is settled in this one walk, so that packing, sizes and later scans see
// the same values.

#include "package/tree.hpp"

#include "support/owner_record.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <utility>

namespace quern::package {
namespace {

constexpr std::uint32_t permission_bits = 07777;

// Attributes that describe the machine and not the file.
// Source: recipe-and-build 7.3.
constexpr std::array<std::string_view, 6> machine_attributes = {
    "com.apple.provenance",
    "security.csm",
    "security.selinux",
    "com.docker.grpcfuse.ownership",
    "trusted.SGI_ACL_FILE",
    "trusted.SGI_ACL_DEFAULT",
};

bool belongs_to_package(std::string_view attribute) {
    return std::find(machine_attributes.begin(), machine_attributes.end(), attribute) ==
               machine_attributes.end() &&
           !attribute.starts_with("trusted.overlay.") && !attribute.starts_with("user.overlay.");
}

// The kernel stores file capabilities set in a user namespace with the id of that namespace's root;
// a package must not know it. Source: capabilities(7), "Namespaced file capabilities": the root id
// is the last word of the 24 bytes of version 3.
std::string without_namespace_root(std::string capability) {
    constexpr std::size_t version_2_size = 20;
    constexpr std::size_t version_3_size = 24;
    if (capability.size() == version_3_size) {
        std::fill(capability.begin() + version_2_size, capability.end(), '\0');
    } else if (capability.size() == version_2_size) {
        capability[3] = '\x03';
        capability.append(version_3_size - version_2_size, '\0');
    }
    return capability;
}

class TreeReader {
 public:
    TreeReader(const Owners& owners, const TreeOptions& options)
        : owners_(owners), options_(options) {}

    Result<void> visit(const TreeEntry& found) {
        archive::TarEntry entry;
        entry.path = found.path;
        entry.mtime = options_.timestamp.seconds();
        entry.mode = found.status.st_mode & permission_bits;
        QUERN_CHECK(check_name(found.path));
        entry.uid = options_.ids.to_guest(found.status.st_uid);
        entry.gid = options_.ids.to_guest(found.status.st_gid);
        QUERN_CHECK(set_type(entry, found));
        QUERN_CHECK(read_record(entry, found));
        set_owner(entry);
        if (entry.type == archive::TarType::file || entry.type == archive::TarType::directory) {
            QUERN_CHECK(read_attributes(entry, found));
        }
        tree_.entries.push_back(std::move(entry));
        return {};
    }

    Result<Tree> finish() {
        for (const auto& [path, value] : options_.capabilities) {
            if (std::find(applied_.begin(), applied_.end(), path) == applied_.end()) {
                return Error(
                           ErrorCode::invalid_data,
                           fmt::format("setcap names '{}', which is no file of the package", path)
                )
                    .help("give the path as it is in the package: /usr/bin/ping");
            }
        }
        return std::move(tree_);
    }

 private:
    static Result<void> check_name(const std::string& path) {
        const bool has_control = std::any_of(path.begin(), path.end(), [](unsigned char c) {
            return c < 0x20 || c == 0x7f;
        });
        if (has_control || !is_confined_path(path)) {
            return Error(
                       ErrorCode::invalid_data,
                       fmt::format(
                           "'{}' cannot be in a package: apk refuses such a name", printable(path)
                       )
            )
                .help("rename or remove it in the step that makes it");
        }
        return {};
    }

    // Where all files belong to one user here.
    Result<void> read_record(archive::TarEntry& entry, const TreeEntry& found) const {
        if (options_.ids.count > 1) {
            return {};
        }
        std::optional<OwnerRecord> owner = OwnerRecord::of_link_time(found.status.st_mtim);
        if (!S_ISLNK(found.status.st_mode)) {
            QUERN_TRY(auto attributes, read_xattrs(found.parent_fd, std::string(found.name())));
            owner = take_owner(attributes);
        }
        if (owner) {
            entry.uid = owner->uid;
            entry.gid = owner->gid;
        }
        return {};
    }

    void set_owner(archive::TarEntry& entry) const {
        entry.uid = entry.uid == owners_.build_uid ? 0 : entry.uid;
        entry.gid = entry.gid == owners_.build_gid ? 0 : entry.gid;
        if (const auto user = owners_.users.find(entry.uid); user != owners_.users.end()) {
            entry.user_name = user->second;
        }
        if (const auto group = owners_.groups.find(entry.gid); group != owners_.groups.end()) {
            entry.group_name = group->second;
        }
    }

    Result<void> set_type(archive::TarEntry& entry, const TreeEntry& found) {
        switch (found.status.st_mode & S_IFMT) {
            case S_IFDIR:
                entry.type = archive::TarType::directory;
                return {};
            case S_IFLNK:
                entry.type = archive::TarType::symlink;
                entry.mode = 0777;
                entry.link_target = found.link_target;
                tree_.installed_size += entry.link_target.size();
                return {};
            case S_IFREG:
                set_file(entry, found);
                return {};
            case S_IFCHR:
            case S_IFBLK:
                entry.type = S_ISCHR(found.status.st_mode) ? archive::TarType::character_device
                                                           : archive::TarType::block_device;
                entry.device_major = gnu_dev_major(found.status.st_rdev);
                entry.device_minor = gnu_dev_minor(found.status.st_rdev);
                return {};
            default:
                return Error(
                           ErrorCode::invalid_data,
                           fmt::format(
                               "'{}' is a socket or a FIFO, which a package cannot hold", found.path
                           )
                )
                    .help("remove it in the step that makes it");
        }
    }

    void set_file(archive::TarEntry& entry, const TreeEntry& found) {
        if (found.status.st_nlink > 1) {
            const auto key = std::pair(found.status.st_dev, found.status.st_ino);
            const auto [known, is_first] = first_names_.try_emplace(key, found.path);
            if (!is_first) {
                entry.type = archive::TarType::hard_link;
                entry.link_target = known->second;
                return;
            }
        }
        entry.type = archive::TarType::file;
        entry.size = static_cast<std::uint64_t>(found.status.st_size);
        tree_.installed_size += entry.size;
    }

    Result<void> read_attributes(archive::TarEntry& entry, const TreeEntry& found) {
        QUERN_TRY(auto attributes, read_xattrs(found.parent_fd, std::string(found.name())));
        if (options_.ids.count <= 1) {
            static_cast<void>(take_owner(attributes));
        }
        const auto wanted = options_.capabilities.find(entry.path);
        if (wanted != options_.capabilities.end() && entry.type == archive::TarType::file) {
            applied_.push_back(entry.path);
            std::erase_if(attributes, [](const auto& pair) {
                return pair.first == "security.capability";
            });
            attributes.emplace_back("security.capability", wanted->second);
            std::sort(attributes.begin(), attributes.end());
        }
        for (auto& [name, value] : attributes) {
            if (belongs_to_package(name)) {
                entry.records.emplace_back(
                    "SCHILY.xattr." + name,
                    name == "security.capability" ? without_namespace_root(std::move(value))
                                                  : std::move(value)
                );
            }
        }
        return {};
    }

    const Owners& owners_;
    const TreeOptions& options_;
    Tree tree_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
    std::vector<std::string> applied_;
};

// Calls `take(name, id)` for each good line of passwd or group, which both start
// "name:password:id".
template <typename Take>
void for_each_account(std::string_view text, const Take& take) {
    for (const std::string_view line : split(text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < 3) {
            continue;
        }
        const auto id = parse_unsigned(fields[2]);
        if (id && *id <= 0xffffffffU && !fields[0].empty()) {
            take(fields[0], static_cast<std::uint32_t>(*id));
        }
    }
}

}  // namespace

Owners Owners::parse(std::string_view passwd, std::string_view group) {
    Owners owners;
    for_each_account(passwd, [&](std::string_view name, std::uint32_t id) {
        owners.users.try_emplace(id, name);
        if (name == "build") {
            owners.build_uid = id;
        }
    });
    for_each_account(group, [&](std::string_view name, std::uint32_t id) {
        owners.groups.try_emplace(id, name);
        if (name == "build") {
            owners.build_gid = id;
        }
    });
    return owners;
}

Result<Tree> read_tree(const FileTree& root, const Owners& owners, const TreeOptions& options) {
    TreeReader reader(owners, options);
    QUERN_CHECK(root.walk("", [&](const TreeEntry& entry) { return reader.visit(entry); }));
    return reader.finish();
}

}  // namespace quern::package
