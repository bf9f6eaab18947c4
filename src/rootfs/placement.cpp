// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A package's entries come grouped by directory, so the directory of the last entry is kept open.
// Directories are opened through GuestTree, which follows links inside the root only; the last part
// of a path is never followed. A file costs one rename that does not replace anything: what is
// there before is looked at only if a package owns the place.

#include "rootfs/placement.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace quern::rootfs {
namespace {

using archive::TarType;

Error entry_error(int err, std::string_view action, const archive::TarEntry& entry) {
    return Error::system(err, fmt::format("{} /{} in the root", action, printable(entry.path)));
}

Attributes attributes_of(const archive::TarEntry& entry) {
    return {.uid = entry.uid, .gid = entry.gid, .mode = entry.mode, .mtime = entry.mtime};
}

bool names(const std::vector<std::string>& relations, const std::string& name) {
    return std::any_of(relations.begin(), relations.end(), [&](const std::string& relation) {
        return relation.substr(0, relation.find_first_of("=<>~")) == name;
    });
}

std::string label_of(const InstalledPackage& package) {
    return fmt::format("{}-{}", package.info.name, package.info.version);
}

std::string_view kind_of(const InstalledEntry& entry) {
    switch (entry.entry.type) {
        case TarType::directory:
            return "directory";
        case TarType::symlink:
            return "symbolic link";
        default:
            return "file";
    }
}

// Nothing in a root is as deep as this: paths of packages end at 4,095 bytes.
constexpr std::size_t max_depth = 2048;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

Error times_error(int err) {
    return Error::system(err, "setting the times of directories in the root");
}

// Only directories are opened: the kernel tells with the names what they are.
Result<void> clear_directory_times(UniqueFd fd, std::size_t depth = 0) {
    const int number = fd.get();
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(number));
    if (!directory || depth > max_depth) {
        const int err = directory ? ELOOP : errno;
        return times_error(err);
    }
    static_cast<void>(fd.release());
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        const bool may_be_one = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
        if (!may_be_one || name == "." || name == "..") {
            continue;
        }
        UniqueFd below(
            ::openat(number, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        );
        if (!below && entry->d_type == DT_UNKNOWN && (errno == ENOTDIR || errno == ELOOP)) {
            continue;
        }
        if (!below) {
            const int err = errno;
            return times_error(err);
        }
        QUERN_CHECK(clear_directory_times(std::move(below), depth + 1));
    }
    const std::array<timespec, 2> times = {to_timespec(0), to_timespec(0)};
    if (::futimens(number, times.data()) != 0) {
        const int err = errno;
        return times_error(err);
    }
    return {};
}

bool is_directory(const InstalledEntry& entry) {
    return entry.entry.type == TarType::directory;
}

// A hard link is one more name of a file.
bool is_same(const InstalledEntry& one, const InstalledEntry& other) {
    const bool are_links =
        one.entry.type == TarType::symlink && other.entry.type == TarType::symlink;
    if (are_links) {
        return one.entry.link_target == other.entry.link_target;
    }
    return kind_of(one) == kind_of(other) && !one.checksum.empty() &&
           one.checksum == other.checksum;
}

}  // namespace

Result<void> Placement::place(StagedPackage staged, int staging) {
    packages_.push_back(std::move(staged.package));
    bytes_ += staged.bytes;
    parent_path_.clear();
    parent_ = UniqueFd();
    for (std::size_t i = 0; i < packages_.back().entries.size(); ++i) {
        auto placed = place_entry(i, staging);
        if (!placed) {
            return std::move(placed).error().context(
                fmt::format("unpacking {}", label_of(packages_.back()))
            );
        }
    }
    return {};
}

const std::vector<InstalledPackage>& Placement::listed_packages() {
    for (InstalledPackage& package : packages_) {
        std::erase_if(package.entries, [](const InstalledEntry& entry) {
            return !entry.is_listed;
        });
    }
    return packages_;
}

InstalledEntry& Placement::entry_of(const Owner& owner) {
    return packages_[owner.package].entries[owner.entry];
}

Result<void> Placement::open_parent_of(std::string_view path) {
    const auto [parent, name] = split_path(path);
    place_.name = name;
    if (parent_ && parent == parent_path_) {
        return {};
    }
    QUERN_TRY(parent_, tree_.open_directory(parent));
    struct stat status = {};
    if (::fstat(parent_.get(), &status) != 0) {
        const int err = errno;
        return Error::system(
            err, fmt::format("looking at the directory /{} in the root", printable(parent))
        );
    }
    place_.directory = status.st_ino;
    parent_path_ = parent;
    return {};
}

Result<void> Placement::place_entry(std::size_t number, int staging) {
    const archive::TarEntry& entry = packages_.back().entries[number].entry;
    QUERN_CHECK(open_parent_of(entry.path));
    if (entry.type == TarType::directory) {
        return place_directory(number);
    }
    return entry.type == TarType::symlink ? place_symlink(number) : place_file(number, staging);
}

Result<void> Placement::place_directory(std::size_t number) {
    const archive::TarEntry& entry = packages_.back().entries[number].entry;
    const auto [owner, is_free] = owners_.try_emplace(place_, Owner{packages_.size() - 1, number});
    if (is_free) {
        if (::mkdirat(parent_.get(), place_.name.c_str(), S_IRWXU) != 0) {
            const int err = errno;
            return entry_error(err, "making the directory", entry);
        }
        return tree_.set_attributes(parent_.get(), place_.name, attributes_of(entry), false);
    }
    const auto existing = tree_.status(entry.path, true);
    if (!existing || !S_ISDIR(existing->st_mode)) {
        return conflict(owner->second, number);
    }
    return {};
}

Error Placement::conflict(const Owner& owner, std::size_t number) {
    const InstalledEntry& theirs = entry_of(owner);
    const InstalledEntry& ours = packages_.back().entries[number];
    const std::string other_path =
        theirs.entry.path == ours.entry.path
            ? std::string()
            : fmt::format(" (which is /{})", printable(theirs.entry.path));
    const std::string place = fmt::format("/{}{}", printable(ours.entry.path), other_path);
    if (owner.package == packages_.size() - 1) {
        return {ErrorCode::invalid_data, fmt::format("it brings {} twice", place)};
    }
    const std::string label = label_of(packages_[owner.package]);
    if (kind_of(theirs) != kind_of(ours)) {
        return {
            ErrorCode::invalid_data,
            fmt::format(
                "{} is a {} of it and a {} of {}", place, kind_of(ours), kind_of(theirs), label
            )};
    }
    return Error(
               ErrorCode::invalid_data,
               fmt::format(
                   "{} and {} both bring {} with different content",
                   label,
                   label_of(packages_.back()),
                   place
               )
    )
        .help("leave one of them out, or let one name the other under `replaces`");
}

Result<Placement::Claim> Placement::claim(std::size_t number) {
    const auto [owner, is_free] = owners_.try_emplace(place_, Owner{packages_.size() - 1, number});
    return is_free ? Result<Claim>(Claim::free) : contest(owner->second, number);
}

Result<Placement::Claim> Placement::contest(Owner& owner, std::size_t number) {
    InstalledPackage& current = packages_.back();
    InstalledEntry& ours = current.entries[number];
    InstalledEntry& theirs = entry_of(owner);
    const InstalledPackage& other = packages_[owner.package];
    const bool is_link = ours.entry.type == TarType::symlink;
    if (is_same(ours, theirs)) {
        ours.is_listed = is_link;  // links are listed with each package that has them
        return Claim::refused;
    }
    if (is_directory(theirs) || owner.package == packages_.size() - 1) {
        return conflict(owner, number);
    }
    if (names(other.info.replaces, current.info.name)) {
        ours.is_listed = false;
        return Claim::refused;
    }
    const bool is_same_origin =
        !current.info.origin.empty() && other.info.origin == current.info.origin;
    if (!is_same_origin && !names(current.info.replaces, other.info.name)) {
        return conflict(owner, number);
    }
    theirs.is_listed = false;
    owner = {packages_.size() - 1, number};
    return Claim::taken_over;
}

Result<void> Placement::place_file(std::size_t number, int staging) {
    QUERN_TRY(const Claim claimed, claim(number));
    if (claimed == Claim::refused) {
        return {};
    }
    const unsigned flags = claimed == Claim::free ? RENAME_NOREPLACE : 0U;
    const std::string staged = staged_name(number);
    if (::renameat2(staging, staged.c_str(), parent_.get(), place_.name.c_str(), flags) != 0) {
        const int err = errno;
        return entry_error(err, "placing", packages_.back().entries[number].entry);
    }
    ++files_;
    return {};
}

Result<void> Placement::place_symlink(std::size_t number) {
    QUERN_TRY(const Claim claimed, claim(number));
    if (claimed == Claim::refused) {
        return {};
    }
    const archive::TarEntry& entry = packages_.back().entries[number].entry;
    const char* name = place_.name.c_str();
    if ((claimed == Claim::taken_over && ::unlinkat(parent_.get(), name, 0) != 0) ||
        ::symlinkat(entry.link_target.c_str(), parent_.get(), name) != 0) {
        const int err = errno;
        return entry_error(err, "making the link", entry);
    }
    ++files_;
    return tree_.set_attributes(parent_.get(), place_.name, attributes_of(entry), true);
}

Result<void> Placement::settle_directory_times() const {
    QUERN_TRY(UniqueFd root, tree_.open_directory("."));
    QUERN_CHECK(clear_directory_times(std::move(root)));
    for (const InstalledPackage& package : packages_) {
        for (const InstalledEntry& installed : package.entries) {
            if (!is_directory(installed)) {
                continue;
            }
            QUERN_TRY(const UniqueFd directory, tree_.open_directory(installed.entry.path));
            const timespec time = to_timespec(installed.entry.mtime);
            const std::array<timespec, 2> times = {time, time};
            if (::futimens(directory.get(), times.data()) != 0) {
                const int err = errno;
                return entry_error(err, "setting the time of", installed.entry);
            }
        }
    }
    return {};
}

}  // namespace quern::rootfs
