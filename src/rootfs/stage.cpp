// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A staging directory is one thread's alone, so files are made there without a look at anything
// else, and packages are staged in parallel. Which system calls a file needs besides writing is
// found out once for each directory: what a new file is given (owner, the caller's umask, a default
// ACL) need not be set again.

#include "rootfs/stage.hpp"

#include "archive/tar_reader.hpp"
#include "rootfs/guest_tree.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <unordered_map>
#include <utility>

namespace quern::rootfs {
namespace {

constexpr std::string_view checksum_record = "APK-TOOLS.checksum.SHA1";
constexpr std::string_view xattr_prefix = "SCHILY.xattr.";
constexpr int creation_flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

Error entry_error(int err, std::string_view action, const archive::TarEntry& entry) {
    return Error::system(err, fmt::format("{} /{}", action, printable(entry.path)));
}

std::string checksum_of(const archive::TarEntry& entry) {
    const std::string* checksum = entry.record(std::string(checksum_record));
    return checksum == nullptr ? std::string() : to_lower(*checksum);
}

// Attributes that this namespace may not set are passed over: what a guest does with its root does
// not depend on them. Hostile names do not come here (DataRules).
Result<void> set_xattrs(int fd, const archive::TarEntry& entry) {
    for (const auto& [key, value] : entry.records) {
        if (!key.starts_with(xattr_prefix)) {
            continue;
        }
        const std::string name = key.substr(xattr_prefix.size());
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != EPERM &&
            errno != ENOTSUP) {
            const int err = errno;
            return entry_error(
                err, fmt::format("setting the attribute {} of", printable(name)), entry
            );
        }
    }
    return {};
}

/// What the system gives to a new file of a directory.
struct NewFile {
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode_mask = 0;  ///< bits of the wanted mode that it gets

    static Result<NewFile> probe(int directory) {
        constexpr const char* name = "probe";
        const UniqueFd file(::openat(directory, name, creation_flags, 0777));
        struct stat status = {};
        if (!file || ::fstat(file.get(), &status) != 0 || ::unlinkat(directory, name, 0) != 0) {
            const int err = errno;
            return Error::system(err, "writing into the staging directory");
        }
        return NewFile{status.st_uid, status.st_gid, status.st_mode & 0777U};
    }
};

class Stager {
 public:
    Stager(int directory, GuestIds owner, const CancelToken& cancel)
        : directory_(directory), owner_(owner), cancel_(cancel), buffer_(buffer_size, '\0') {}

    Result<void> prepare() {
        QUERN_TRY(new_file_, NewFile::probe(directory_));
        return {};
    }
    Result<void> take(const archive::TarEntry& entry, archive::TarReader& content);
    StagedPackage finish() { return std::move(staged_); }

 private:
    static constexpr std::size_t buffer_size = std::size_t{256} << 10U;

    std::vector<InstalledEntry>& entries() { return staged_.package.entries; }
    void list(const archive::TarEntry& entry, std::string checksum);
    Result<void> write_file(const archive::TarEntry& entry, archive::TarReader& content);
    Result<void> set_attributes(int fd, const archive::TarEntry& entry) const;
    Result<void> link_file(const archive::TarEntry& entry);
    /// Number of the entry with that path, which DataRules has seen.
    std::size_t number_of(const std::string& path);

    int directory_;
    GuestIds owner_;
    const CancelToken& cancel_;
    std::string buffer_;
    NewFile new_file_;
    StagedPackage staged_;
    // Made when the first hard link comes: few packages have any.
    std::unordered_map<std::string, std::size_t> numbers_;
    std::size_t numbered_ = 0;
};

Result<void> Stager::take(const archive::TarEntry& entry, archive::TarReader& content) {
    QUERN_CHECK(cancel_.check());
    if (entry.path.starts_with('.')) {
        return {};
    }
    switch (entry.type) {
        case archive::TarType::directory:
            list(entry, {});
            return {};
        case archive::TarType::symlink:
            list(entry, checksum_of(entry));
            return {};
        case archive::TarType::file:
            return write_file(entry, content);
        case archive::TarType::hard_link:
            return link_file(entry);
        case archive::TarType::character_device:
        case archive::TarType::block_device:
        case archive::TarType::fifo:
            return {};  // the sandbox has its own /dev
    }
    return {};
}

void Stager::list(const archive::TarEntry& entry, std::string checksum) {
    InstalledEntry installed;
    installed.entry = entry;
    installed.entry.records.clear();
    installed.checksum = std::move(checksum);
    entries().push_back(std::move(installed));
}

Result<void> Stager::write_file(const archive::TarEntry& entry, archive::TarReader& content) {
    const std::string name = staged_name(entries().size());
    list(entry, checksum_of(entry));
    UniqueFd file(::openat(directory_, name.c_str(), creation_flags, entry.mode & 0777U));
    if (!file) {
        const int err = errno;
        return entry_error(err, "writing", entry);
    }
    for (;;) {
        QUERN_TRY(const std::size_t count, content.read(buffer_));
        if (count == 0) {
            break;
        }
        QUERN_CHECK(write_all(file.get(), std::string_view(buffer_).substr(0, count)));
        staged_.bytes += count;
    }
    QUERN_CHECK(set_attributes(file.get(), entry));
    if (const int err = file.close(); err != 0) {
        return entry_error(err, "writing", entry);
    }
    return {};
}

// The mode comes after the owner, whose change clears setuid and setgid.
Result<void> Stager::set_attributes(int fd, const archive::TarEntry& entry) const {
    const uid_t uid = owner_.to_host(entry.uid);
    const gid_t gid = owner_.to_host(entry.gid);
    const bool has_owner = uid == new_file_.uid && gid == new_file_.gid;
    const bool has_mode = (entry.mode & ~new_file_.mode_mask) == 0;
    const std::array<timespec, 2> times = {to_timespec(entry.mtime), to_timespec(entry.mtime)};
    if ((!has_owner && ::fchown(fd, uid, gid) != 0) ||
        (!has_mode && ::fchmod(fd, entry.mode & 07777U) != 0) ||
        ::futimens(fd, times.data()) != 0) {
        const int err = errno;
        return entry_error(err, "setting owner, mode and time of", entry);
    }
    return set_xattrs(fd, entry);
}

std::size_t Stager::number_of(const std::string& path) {
    for (; numbered_ < entries().size(); ++numbered_) {
        numbers_.emplace(entries()[numbered_].entry.path, numbered_);
    }
    const auto found = numbers_.find(path);
    return found == numbers_.end() ? entries().size() : found->second;
}

// read_data has made sure that the target is an earlier file of the same package; it may still be
// one that is skipped.
Result<void> Stager::link_file(const archive::TarEntry& entry) {
    const std::size_t target = number_of(entry.link_target);
    if (target == entries().size()) {
        return entry_error(ENOENT, "linking to a file that is not installed:", entry);
    }
    const std::string name = staged_name(entries().size());
    list(entry, entries()[target].checksum);
    const std::string target_name = staged_name(target);
    if (::linkat(directory_, target_name.c_str(), directory_, name.c_str(), 0) != 0) {
        const int err = errno;
        return entry_error(err, "making the hard link", entry);
    }
    return {};
}

}  // namespace

std::string staged_name(std::size_t number) {
    return std::to_string(number);
}

Result<StagedPackage> stage(
    const apk::PackageFile& package, int directory, GuestIds owner, const CancelToken& cancel
) {
    Stager stager(directory, owner, cancel);
    QUERN_CHECK(stager.prepare());
    auto done = package.read_data([&](const archive::TarEntry& entry, archive::TarReader& content) {
        return stager.take(entry, content);
    });
    if (!done) {
        return std::move(done).error().context(
            fmt::format("unpacking {}-{}", package.info().name, package.info().version)
        );
    }
    StagedPackage staged = stager.finish();
    staged.package.info = package.info();
    staged.package.checksum = package.head().checksum;
    staged.package.file_size = package.head().file_size;
    staged.package.control_files = package.head().control_files;
    return staged;
}

}  // namespace quern::rootfs
