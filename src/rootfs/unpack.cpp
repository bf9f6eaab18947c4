// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A package's entries come grouped by directory, so the directory of the last entry is kept open.
// All paths go through GuestTree, which follows links inside the root only; the last part is never
// followed.

#include "rootfs/unpack.hpp"

#include "archive/tar_reader.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

namespace quern::rootfs {
namespace {

constexpr std::string_view checksum_record = "APK-TOOLS.checksum.SHA1";
constexpr std::string_view xattr_prefix = "SCHILY.xattr.";

Attributes attributes_of(const archive::TarEntry& entry) {
    return {.uid = entry.uid, .gid = entry.gid, .mode = entry.mode, .mtime = entry.mtime};
}

Error entry_error(int err, std::string_view action, const archive::TarEntry& entry) {
    return Error::system(err, fmt::format("{} /{} in the root", action, printable(entry.path)));
}

std::string checksum_of(const archive::TarEntry& entry) {
    const std::string* checksum = entry.record(std::string(checksum_record));
    return checksum == nullptr ? std::string() : to_lower(*checksum);
}

// Attributes that this namespace may not set are passed over: what a guest does with its root does
// not depend on them.
Result<void> set_xattrs(int fd, const archive::TarEntry& entry) {
    for (const auto& [key, value] : entry.records) {
        if (!key.starts_with(xattr_prefix)) {
            continue;
        }
        const std::string name = key.substr(xattr_prefix.size());
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != EPERM &&
            errno != ENOTSUP) {
            const int err = errno;
            return entry_error(err, "setting an attribute of", entry);
        }
    }
    return {};
}

bool names(const std::vector<std::string>& relations, const std::string& name) {
    return std::any_of(relations.begin(), relations.end(), [&](const std::string& relation) {
        return relation.substr(0, relation.find_first_of("=<>~")) == name;
    });
}

// apk skips these without a word: entries of the root that begin with a dot. Source:
// apk-format 1.5.
bool is_skipped(const std::string& path) {
    return path.starts_with('.') || path.empty();
}

}  // namespace

Result<void> Unpacker::unpack(const apk::PackageFile& package) {
    InstalledPackage installed;
    installed.info = package.info();
    installed.checksum = package.head().checksum;
    installed.file_size = package.head().file_size;
    installed.control_files = package.head().control_files;
    packages_.push_back(std::move(installed));
    parent_path_.clear();
    parent_ = UniqueFd();
    auto done = package.read_data([&](const archive::TarEntry& entry, archive::TarReader& content) {
        return place(entry, content);
    });
    if (!done) {
        return std::move(done).error().context(
            fmt::format("unpacking {}-{}", package.info().name, package.info().version)
        );
    }
    return {};
}

std::vector<InstalledPackage> Unpacker::take_packages() {
    for (std::size_t i = 0; i < packages_.size(); ++i) {
        std::erase_if(packages_[i].entries, [&](const InstalledEntry& entry) {
            const auto owner = owners_.find(entry.entry.path);
            return owner != owners_.end() && owner->second.package != i;
        });
    }
    return std::move(packages_);
}

void Unpacker::record(const archive::TarEntry& entry, std::string checksum) {
    InstalledEntry installed;
    installed.entry = entry;
    installed.entry.records.clear();
    installed.checksum = std::move(checksum);
    packages_.back().entries.push_back(std::move(installed));
}

Result<void> Unpacker::open_parent_of(std::string_view path) {
    const auto [parent, name] = split_path(path);
    name_ = name;
    if (parent_ && parent == parent_path_) {
        return {};
    }
    QUERN_TRY(parent_, tree_.open_directory(parent));
    parent_path_ = parent;
    return {};
}

Result<void> Unpacker::place(const archive::TarEntry& entry, archive::TarReader& content) {
    if (is_skipped(entry.path)) {
        return {};
    }
    switch (entry.type) {
        case archive::TarType::directory:
            return place_directory(entry);
        case archive::TarType::file:
            return place_file(entry, content);
        case archive::TarType::symlink:
            return place_symlink(entry);
        case archive::TarType::hard_link:
            return place_hard_link(entry);
        case archive::TarType::character_device:
        case archive::TarType::block_device:
        case archive::TarType::fifo:
            return {};  // the sandbox has its own /dev
    }
    return {};
}

Result<void> Unpacker::place_directory(const archive::TarEntry& entry) {
    QUERN_CHECK(open_parent_of(entry.path));
    record(entry, {});
    if (::mkdirat(parent_.get(), name_.c_str(), S_IRWXU) != 0) {
        const int err = errno;
        const auto existing = tree_.status(entry.path, true);
        if (err == EEXIST && existing && S_ISDIR(existing->st_mode)) {
            return {};
        }
        return entry_error(err == EEXIST ? ENOTDIR : err, "making the directory", entry);
    }
    return tree_.set_attributes(parent_.get(), name_, attributes_of(entry), false);
}

Result<bool> Unpacker::claim(const archive::TarEntry& entry, const std::string& checksum) {
    const auto owner = owners_.find(entry.path);
    const InstalledPackage& current = packages_.back();
    if (owner == owners_.end()) {
        const auto existing = tree_.status(entry.path);
        if (!existing) {
            owners_[entry.path] = {packages_.size() - 1, checksum};
            return true;
        }
        if (S_ISDIR(existing->st_mode)) {
            return entry_error(EISDIR, "replacing", entry);
        }
        owners_[entry.path] = {packages_.size() - 1, checksum};
    } else {
        const InstalledPackage& other = packages_[owner->second.package];
        if (!checksum.empty() && owner->second.checksum == checksum) {
            return false;
        }
        if (names(other.info.replaces, current.info.name)) {
            return false;
        }
        const bool is_same_origin =
            !current.info.origin.empty() && other.info.origin == current.info.origin;
        if (!is_same_origin && !names(current.info.replaces, other.info.name)) {
            return Error(
                       ErrorCode::invalid_data,
                       fmt::format(
                           "{}-{} and {}-{} both bring /{} with different content",
                           other.info.name,
                           other.info.version,
                           current.info.name,
                           current.info.version,
                           printable(entry.path)
                       )
            )
                .help("leave one of them out, or let one name the other under `replaces`");
        }
        owner->second = {packages_.size() - 1, checksum};
    }
    if (::unlinkat(parent_.get(), name_.c_str(), 0) != 0 && errno != ENOENT) {
        const int err = errno;
        return entry_error(err, "replacing", entry);
    }
    return true;
}

Result<void> Unpacker::place_file(const archive::TarEntry& entry, archive::TarReader& content) {
    QUERN_CHECK(open_parent_of(entry.path));
    const std::string checksum = checksum_of(entry);
    record(entry, checksum);
    QUERN_TRY(const bool is_ours, claim(entry, checksum));
    if (!is_ours) {
        return {};
    }
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd file(::openat(parent_.get(), name_.c_str(), flags, S_IRUSR | S_IWUSR));
    if (!file) {
        const int err = errno;
        return entry_error(err, "writing", entry);
    }
    constexpr std::size_t piece = std::size_t{256} << 10U;
    std::string buffer(
        static_cast<std::size_t>(
            std::min<std::uint64_t>(std::max<std::uint64_t>(entry.size, 1), piece)
        ),
        '\0'
    );
    for (;;) {
        QUERN_TRY(const std::size_t count, content.read(buffer));
        if (count == 0) {
            break;
        }
        QUERN_CHECK(write_all(file.get(), std::string_view(buffer).substr(0, count)));
        bytes_ += count;
    }
    const std::array<timespec, 2> times = {to_timespec(entry.mtime), to_timespec(entry.mtime)};
    if (::fchown(file.get(), tree_.ids().to_host(entry.uid), tree_.ids().to_host(entry.gid)) != 0 ||
        ::fchmod(file.get(), entry.mode & 07777U) != 0 ||
        ::futimens(file.get(), times.data()) != 0) {
        const int err = errno;
        return entry_error(err, "setting owner, mode and time of", entry);
    }
    QUERN_CHECK(set_xattrs(file.get(), entry));
    if (const int err = file.close(); err != 0) {
        return entry_error(err, "writing", entry);
    }
    ++files_;
    return {};
}

Result<void> Unpacker::place_symlink(const archive::TarEntry& entry) {
    QUERN_CHECK(open_parent_of(entry.path));
    const std::string checksum = checksum_of(entry);
    record(entry, checksum);
    if (tree_.link_target(entry.path) == entry.link_target) {
        return {};
    }
    QUERN_TRY(const bool is_ours, claim(entry, checksum));
    if (!is_ours) {
        return {};
    }
    if (::symlinkat(entry.link_target.c_str(), parent_.get(), name_.c_str()) != 0) {
        const int err = errno;
        return entry_error(err, "making the link", entry);
    }
    ++files_;
    return tree_.set_attributes(parent_.get(), name_, attributes_of(entry), true);
}

// read_data has made sure that the target is an earlier file of the same package.
Result<void> Unpacker::place_hard_link(const archive::TarEntry& entry) {
    QUERN_CHECK(open_parent_of(entry.path));
    record(entry, {});
    QUERN_TRY(const auto target, tree_.open_parent(entry.link_target));
    const auto status = tree_.status(entry.link_target);
    if (!status || !S_ISREG(status->st_mode)) {
        return entry_error(ENOENT, "linking to a file that is not there:", entry);
    }
    QUERN_TRY(const bool is_ours, claim(entry, {}));
    if (!is_ours) {
        return {};
    }
    if (::linkat(target.first.get(), target.second.c_str(), parent_.get(), name_.c_str(), 0) != 0) {
        const int err = errno;
        return entry_error(err, "making the hard link", entry);
    }
    ++files_;
    return {};
}

}  // namespace quern::rootfs
