// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/installer.hpp"

#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::image {
namespace {

constexpr std::string_view xattr_prefix = "SCHILY.xattr.";
constexpr std::uint32_t permission_bits = 0777;

bool names(const std::vector<std::string>& relations, const std::string& name) {
    return std::find(relations.begin(), relations.end(), name) != relations.end();
}

std::string label(const apk::PackageInfo& info) {
    return info.name + "-" + info.version;
}

void apply_xattrs(const DataEntry& data, Inode& inode) {
    for (const auto& [key, value] : data.entry.records) {
        if (!key.starts_with(xattr_prefix)) {
            continue;
        }
        const auto same = std::find_if(
            inode.xattrs.begin(), inode.xattrs.end(), [&](const auto& x) { return x.first == key; }
        );
        if (same == inode.xattrs.end()) {
            inode.xattrs.emplace_back(key, value);
        } else {
            same->second = value;
        }
    }
    std::sort(inode.xattrs.begin(), inode.xattrs.end());
}

}  // namespace

Result<void> Installer::install(PackageData package) {
    keeps_now_ = keeps_owners_ || package.keeps_owners;
    Installed& installed = packages_.emplace_back();
    installed.info = std::move(package.info);
    installed.checksum = std::move(package.checksum);
    installed.file_size = package.file_size;
    installed.scripts = std::move(package.scripts);
    installed.entries.reserve(package.entries.size());
    for (DataEntry& data : package.entries) {
        if (auto added = add(data); !added) {
            return std::move(added).error().context(
                fmt::format("installing {}", label(packages_.back().info))
            );
        }
    }
    return {};
}

Result<void> Installer::add(const DataEntry& data) {
    switch (data.entry.type) {
        case archive::TarType::directory:
            return add_directory(data);
        case archive::TarType::hard_link:
            return add_hard_link(data);
        case archive::TarType::file:
        case archive::TarType::symlink:
            return add_file(data);
        default:
            return Error(
                ErrorCode::unsupported,
                fmt::format("/{} is a device or a pipe", printable(data.entry.path))
            );
    }
}

void Installer::apply(const DataEntry& data, Inode& inode) const {
    inode.mtime = data.entry.mtime;
    if (keeps_now_) {
        inode.uid = data.entry.uid;
        inode.gid = data.entry.gid;
    }
}

// A directory that is there already keeps its mode; the date is that of the last package.
Result<void> Installer::add_directory(const DataEntry& data) {
    const bool is_new = tree_.find(data.entry.path) == nullptr;
    QUERN_TRY(Inode * directory, tree_.make_directories(data.entry.path));
    if (is_new) {
        directory->mode = data.entry.mode & (keeps_now_ ? 07777U : permission_bits);
        apply(data, *directory);
    }
    directory->mtime = data.entry.mtime;
    apply_xattrs(data, *directory);
    packages_.back().entries.push_back(data);
    return {};
}

Result<void> Installer::add_hard_link(const DataEntry& data) {
    QUERN_TRY(const RootTree::Place target, tree_.place(data.entry.link_target));
    if (target.entry == nullptr) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format(
                "/{} is a link to /{}, which is not there",
                printable(data.entry.path),
                printable(data.entry.link_target)
            )
        );
    }
    QUERN_TRY(const RootTree::Place place, tree_.place(data.entry.path));
    if (place.entry != nullptr) {
        if (place.entry->inode == target.entry->inode) {
            packages_.back().entries.push_back(data);
            return {};
        }
        QUERN_TRY(const Verdict verdict, judge(data, *place.entry->inode));
        if (verdict == Verdict::keep) {
            return {};
        }
        disown(*place.entry->inode, data.entry.path);
    }
    place.directory->children[place.name] = {target.entry->inode, data.entry.link_target};
    packages_.back().entries.push_back(data);
    return {};
}

Result<void> Installer::add_file(const DataEntry& data) {
    const std::size_t slash = data.entry.path.rfind('/');
    if (slash != std::string::npos) {
        QUERN_CHECK(tree_.make_directories(data.entry.path.substr(0, slash)));
    }
    QUERN_TRY(const RootTree::Place place, tree_.place(data.entry.path));
    const bool is_link = data.entry.type == archive::TarType::symlink;
    if (place.entry != nullptr) {
        Inode& existing = *place.entry->inode;
        if (is_link && existing.is_symlink() && existing.link_target == data.entry.link_target) {
            packages_.back().entries.push_back(data);
            return {};
        }
        QUERN_TRY(const Verdict verdict, judge(data, existing));
        if (verdict == Verdict::keep) {
            apply_xattrs(data, existing);
            return {};
        }
        disown(existing, data.entry.path);
    }
    auto inode = std::make_shared<Inode>();
    inode->type = data.entry.type;
    inode->mode = is_link ? 0777U : data.entry.mode & 07777U;
    inode->link_target = data.entry.link_target;
    inode->content.is_spooled = !is_link;
    inode->content.offset = data.offset;
    inode->content.size = data.entry.size;
    inode->package = static_cast<std::uint32_t>(packages_.size() - 1);
    inode->checksum = data.checksum;
    apply(data, *inode);
    apply_xattrs(data, *inode);
    place.directory->children[place.name] = {std::move(inode), {}};
    packages_.back().entries.push_back(data);
    return {};
}

Result<Installer::Verdict> Installer::judge(const DataEntry& data, const Inode& existing) const {
    const std::string path = printable(data.entry.path);
    const apk::PackageInfo& current = packages_.back().info;
    if (existing.is_directory()) {
        return Error(
            ErrorCode::invalid_data, fmt::format("/{} is a directory in the image already", path)
        );
    }
    if (existing.package == no_package) {
        const bool is_same =
            existing.is_file() && !existing.content.is_spooled &&
            digest_of(DigestKind::sha1, existing.content.text).hex() == data.checksum;
        if (is_same) {
            return Verdict::keep;
        }
        return Error(
            ErrorCode::invalid_data,
            fmt::format("/{} is written by the image builder with other content", path)
        );
    }
    const apk::PackageInfo& other = packages_[existing.package].info;
    if ((!data.checksum.empty() && existing.checksum == data.checksum) ||
        names(other.replaces, current.name)) {
        return Verdict::keep;
    }
    if (names(current.replaces, other.name) ||
        (!current.origin.empty() && other.origin == current.origin)) {
        return Verdict::replace;
    }
    return Error(
               ErrorCode::invalid_data,
               fmt::format(
                   "{} and {} both bring /{} with different content",
                   label(other),
                   label(current),
                   path
               )
    )
        .help("leave one of them out, or let one name the other under `replaces`");
}

void Installer::disown(const Inode& existing, const std::string& path) {
    if (existing.package == no_package) {
        return;
    }
    std::erase_if(packages_[existing.package].entries, [&](const DataEntry& entry) {
        return entry.entry.path == path;
    });
}

}  // namespace quern::image
