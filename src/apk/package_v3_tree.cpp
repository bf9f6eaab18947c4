// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/package_v3_tree.hpp"

#include "apk/adb_writer.hpp"
#include "apk/field_rules.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <utility>

namespace quern::apk {

namespace {

using archive::TarEntry;
using archive::TarType;

constexpr std::uint32_t nobody = 65534;
constexpr std::uint32_t mode_bits = 07777;

// One value may be named any number of times, so what each name costs has to be bounded. Source:
// path_resolution(7), xattr(7): no system takes longer ones.
constexpr std::size_t longest_path = 4095;
constexpr std::size_t longest_name = 255;
constexpr std::uint64_t most_attribute_bytes = std::uint64_t{1} << 20U;
constexpr std::uint64_t most_attribute_bytes_together = std::uint64_t{1} << 30U;

Error invalid(std::string_view path, std::string_view problem) {
    return {ErrorCode::invalid_data, fmt::format("paths: '{}' {}", printable(path), problem)};
}

Error too_long(std::string_view path) {
    constexpr std::size_t shown = 40;
    return invalid(fmt::format("{}...", path.substr(0, shown)), "is longer than any path may be");
}

}  // namespace

Result<std::optional<TreeEntry>> TreeWalk::next() {
    while (true) {
        if (file_ < reader_.size(files_)) {
            auto entry = read_file(reader_.item(files_, file_));
            if (!entry) {
                return std::move(entry).error();
            }
            return std::optional<TreeEntry>(std::move(*entry));
        }
        if (directory_ == reader_.size(paths_)) {
            return std::optional<TreeEntry>();
        }
        QUERN_TRY(std::optional<TreeEntry> entry, enter_directory());
        if (entry) {
            return entry;
        }
    }
}

Result<std::optional<TreeEntry>> TreeWalk::enter_directory() {
    const AdbReader::Value directory = reader_.item(paths_, directory_);
    const std::string path(reader_.blob(reader_.field(directory, 1)));
    if (path.size() > longest_path) {
        return too_long(path);
    }
    if (directory_ != 0 && path <= path_) {
        return invalid(path, "does not stand in byte order");
    }
    ++directory_;
    path_ = path;
    files_ = reader_.field(directory, 3);
    file_ = 0;
    last_name_.clear();
    if (path.empty()) {
        return std::optional<TreeEntry>();
    }
    TreeEntry found;
    found.directory = static_cast<std::uint32_t>(directory_);
    found.entry.type = TarType::directory;
    found.entry.path = path;
    QUERN_CHECK(read_owner(reader_.field(directory, 2), found.entry));
    return std::optional<TreeEntry>(std::move(found));
}

Result<TreeEntry> TreeWalk::read_file(AdbReader::Value file) {
    std::string name(reader_.blob(reader_.field(file, 1)));
    if (name.size() > longest_name) {
        return too_long(name);
    }
    TreeEntry found;
    found.entry.path = path_.empty() ? name : path_ + "/" + name;
    if (name.empty() || name.find('/') != std::string::npos) {
        return invalid(found.entry.path, "has a name that is none");
    }
    if (file_ != 0 && name <= last_name_) {
        return invalid(found.entry.path, "does not stand in byte order");
    }
    last_name_ = std::move(name);
    found.directory = static_cast<std::uint32_t>(directory_);
    found.file = static_cast<std::uint32_t>(++file_);
    QUERN_CHECK(read_owner(reader_.field(file, 2), found.entry));
    found.entry.size = reader_.number(reader_.field(file, 3));
    constexpr std::uint64_t latest = std::uint64_t{1} << 40U;
    const std::uint64_t mtime = reader_.number(reader_.field(file, 4));
    if (mtime > latest) {
        return invalid(found.entry.path, "is of a time that is none");
    }
    found.entry.mtime = static_cast<std::int64_t>(mtime);
    found.hash = reader_.blob(reader_.field(file, 5));
    const std::string_view target = reader_.blob(reader_.field(file, 6));
    if (!target.empty()) {
        QUERN_CHECK(read_target(target, found.entry));
        found.entry.size = 0;
    }
    return found;
}

/// Owners are names alone; who they are in numbers is known where they are installed.
Result<void> TreeWalk::read_owner(AdbReader::Value acl, TarEntry& entry) {
    const std::uint64_t mode = reader_.number(reader_.field(acl, 1));
    entry.mode = static_cast<std::uint32_t>(mode & mode_bits);
    entry.user_name = reader_.blob(reader_.field(acl, 2));
    entry.group_name = reader_.blob(reader_.field(acl, 3));
    if (mode > mode_bits || entry.user_name.size() > longest_name ||
        entry.group_name.size() > longest_name || has_control_character(entry.user_name) ||
        has_control_character(entry.group_name)) {
        return invalid(entry.path, "has a mode or an owner that is none");
    }
    const auto is_root = [](const std::string& name) { return name.empty() || name == "root"; };
    entry.uid = is_root(entry.user_name) ? 0 : nobody;
    entry.gid = is_root(entry.group_name) ? 0 : nobody;
    const AdbReader::Value attributes = reader_.field(acl, 4);
    std::size_t size = 0;
    for (std::size_t i = 0; i < reader_.size(attributes); ++i) {
        const std::string_view attribute = reader_.blob(reader_.item(attributes, i));
        const std::size_t end = attribute.find('\0');
        if (end == std::string_view::npos || end == 0) {
            return invalid(entry.path, "has an extended attribute that is none");
        }
        size += attribute.size();
        attribute_bytes_ += attribute.size();
        if (size > most_attribute_bytes || attribute_bytes_ > most_attribute_bytes_together) {
            return Error(
                ErrorCode::limit,
                fmt::format("'{}' has too many extended attributes", printable(entry.path))
            );
        }
        entry.records.emplace_back(
            fmt::format("SCHILY.xattr.{}", attribute.substr(0, end)), attribute.substr(end + 1)
        );
    }
    return {};
}

Result<void> TreeWalk::read_target(std::string_view target, TarEntry& entry) const {
    constexpr std::size_t type_size = 2;
    constexpr std::size_t device_size = 8;
    const auto type = static_cast<mode_t>(number_of(target.substr(0, type_size)));
    const std::string_view rest = target.substr(std::min(type_size, target.size()));
    if (type == S_IFLNK || type == S_IFREG) {
        entry.type = type == S_IFLNK ? TarType::symlink : TarType::hard_link;
        if (rest.size() > longest_path) {
            return too_long(rest);
        }
        entry.link_target = rest;
        // No text of a tar can hold it.
        return rest.find('\0') == std::string_view::npos
                   ? Result<void>()
                   : invalid(entry.path, "leads to a path that is none");
    }
    if (type == S_IFIFO) {
        entry.type = TarType::fifo;
        return {};
    }
    if ((type != S_IFCHR && type != S_IFBLK) || rest.size() != device_size) {
        return invalid(entry.path, "is of an unknown kind");
    }
    entry.type = type == S_IFCHR ? TarType::character_device : TarType::block_device;
    const auto device = static_cast<dev_t>(number_of(rest));
    entry.device_major = major(device);
    entry.device_minor = minor(device);
    return {};
}

}  // namespace quern::apk
