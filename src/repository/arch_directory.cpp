// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/arch_directory.hpp"

#include "apk/adb_container.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

constexpr std::array scratch_purposes = {"index", "next"};

std::filesystem::path beside_path(
    const std::filesystem::path& directory, std::string_view purpose
) {
    return directory.parent_path() /
           fmt::format(".quern-{}.{}", directory.filename().string(), purpose);
}

using Directory = Handle<DIR, &::closedir>;

/// Hard links for all files below `from`, new directories with the same mode and owner.
Result<void> link_tree(int from, int to) {
    struct stat status = {};
    if (::fstat(from, &status) != 0 || ::fchmod(to, status.st_mode & 07777U) != 0) {
        const int err = errno;
        return Error::system(err, "copying the mode of a directory");
    }
    std::ignore =
        ::fchown(to, status.st_uid, status.st_gid);  // only root can; others own it already
    const Directory listing(::fdopendir(::fcntl(from, F_DUPFD_CLOEXEC, 0)));
    if (!listing) {
        const int err = errno;
        return Error::system(err, "listing a directory");
    }
    ::rewinddir(listing.get());
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") {
            continue;
        }
        if (entry->d_type == DT_DIR) {
            const UniqueFd inner(
                ::openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            );
            if (::mkdirat(to, name.c_str(), 0700) != 0 || !inner) {
                const int err = errno;
                return Error::system(err, fmt::format("copying the directory {}", name));
            }
            const UniqueFd copy(
                ::openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            );
            QUERN_CHECK(link_tree(inner.get(), copy.get()));
        } else if (::linkat(from, name.c_str(), to, name.c_str(), 0) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("linking {}", name));
        }
    }
    return {};
}

Result<UniqueFd> open_directory(const std::filesystem::path& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", path.string()));
    }
    return fd;
}

// The directory itself is locked: a lock file would be one more thing for readers to see and for
// mirrors to copy.
Result<UniqueFd> lock_directory(const std::filesystem::path& directory) {
    UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const bool is_locked = fd && ::flock(fd.get(), LOCK_EX) == 0;
    const int err = errno;
    if (is_locked) {
        return fd;
    }
    if (err == EINTR) {
        return Error(
            ErrorCode::interrupted,
            fmt::format("waiting for other writers of {}", directory.string())
        );
    }
    return Error::system(err, fmt::format("locking {}", directory.string()));
}

constexpr const char* v3_name = "Packages.adb";

/// The key alone.
Result<apk::Keyring> keyring_of(const apk::Signer& key) {
    QUERN_TRY(apk::PublicKey public_key, key.public_key());
    apk::Keyring keyring;
    QUERN_CHECK(keyring.add(key.public_key_name(), std::move(public_key)));
    return keyring;
}

}  // namespace

Result<apk::IndexDraft> read_own_index(
    std::string bytes, const apk::Signer* key, const apk::IndexLimits& limits
) {
    if (key == nullptr) {
        QUERN_TRY(const apk::IndexFile file, apk::read_index(bytes, nullptr, limits));
        return apk::IndexDraft(file.index);
    }
    QUERN_TRY(const apk::Keyring keyring, keyring_of(*key));
    auto checked = apk::read_index_draft(bytes, keyring, limits);
    if (checked || checked.error().code() != ErrorCode::signature) {
        return checked;
    }
    QUERN_TRY(const apk::IndexFile file, apk::read_index(bytes, nullptr, limits));
    const auto& signatures = file.signatures;
    const bool claims =
        std::any_of(signatures.begin(), signatures.end(), [key](const apk::Signature& signature) {
            return signature.key_name == key->public_key_name();
        });
    return claims ? std::move(checked) : apk::IndexDraft(file.index);
}

Result<apk::AdbIndexFile> read_own_v3_index(
    const std::filesystem::path& path, const apk::Signer* key, const apk::IndexLimits& limits
) {
    if (key == nullptr) {
        return apk::read_adb_index(path, nullptr, limits);
    }
    QUERN_TRY(const apk::Keyring keyring, keyring_of(*key));
    auto checked = apk::read_adb_index(path, &keyring, limits);
    if (checked || checked.error().code() != ErrorCode::signature) {
        return checked;
    }
    auto file = apk::read_adb_index(path, nullptr, limits);
    if (!file) {
        return file;
    }
    QUERN_TRY(const apk::PublicKey public_key, key->public_key());
    QUERN_TRY(const std::string id, apk::adb_key_id(public_key));
    const auto& ids = file->key_ids;
    const bool claims = std::find(ids.begin(), ids.end(), id) != ids.end();
    return claims ? std::move(checked) : std::move(file);
}

Result<ArchDirectory> ArchDirectory::lock(const std::filesystem::path& directory) {
    std::error_code code;
    std::filesystem::path path = std::filesystem::canonical(directory, code);
    if (code) {
        return Error::system(code.value(), fmt::format("opening {}", directory.string()));
    }
    QUERN_TRY(UniqueFd lock, lock_directory(path.parent_path()));
    ArchDirectory result(std::move(path), std::move(lock));
    for (const char* purpose : scratch_purposes) {
        QUERN_CHECK(remove_tree(result.beside(purpose)));
    }
    return result;
}

std::filesystem::path ArchDirectory::beside(std::string_view purpose) const {
    return beside_path(path_, purpose);
}

Result<apk::IndexDraft> ArchDirectory::read_index(const apk::Signer* key) const {
    auto bytes = read_file(index_path());
    if (!bytes) {
        if (bytes.error().code() == ErrorCode::not_found) {
            return apk::IndexDraft();
        }
        return std::move(bytes).error();
    }
    auto index = read_own_index(std::move(*bytes), key);
    if (!index) {
        return std::move(index).error().context(fmt::format("reading {}", index_path().string()));
    }
    return index;
}

Result<void> ArchDirectory::write_index(const apk::IndexDraft& index, const apk::Signer* key)
    const {
    QUERN_TRY(const std::string bytes, index.write(key));
    QUERN_TRY(const auto view, v3_view(index, key));
    QUERN_CHECK(replace(index_path().filename().string(), bytes));
    return view ? replace(v3_name, *view) : Result<void>();
}

// The files there are hard links to the visible ones: they are replaced, not written to.
Result<void> ArchDirectory::write_index_to(
    const std::filesystem::path& successor, const apk::IndexDraft& index, const apk::Signer* key
) const {
    QUERN_TRY(const std::string bytes, index.write(key));
    QUERN_TRY(const auto view, v3_view(index, key));
    QUERN_CHECK(write_file_atomically(successor / index_path().filename(), bytes));
    return view ? write_file_atomically(successor / v3_name, *view) : Result<void>();
}

Result<std::optional<std::string>> ArchDirectory::v3_view(
    const apk::IndexDraft& index, const apk::Signer* key
) const {
    const auto old = apk::read_adb_index(path_ / v3_name, nullptr);
    const auto is_v2 = [](const apk::IndexEntry& entry) {
        return entry.checksum.starts_with("Q1");
    };
    if (!old || !std::all_of(old->index.entries.begin(), old->index.entries.end(), is_v2)) {
        return std::optional<std::string>();
    }
    QUERN_TRY(const apk::Index all, index.to_index({}));
    QUERN_TRY(std::string bytes, apk::write_adb_index(all, old->pkgname_spec, key));
    return std::optional<std::string>(std::move(bytes));
}

Result<void> ArchDirectory::replace(const std::string& name, std::string_view bytes) const {
    const std::filesystem::path target = path_ / name;
    // Not AtomicFile: what it leaves when it is killed lies in the directory under a name that
    // nobody knows.
    const std::filesystem::path scratch = beside("index");
    UniqueFd fd(::open(scratch.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
    );
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("creating {}", scratch.string()));
    }
    if (auto written = write_all(fd.get(), bytes); !written) {
        ::unlink(scratch.c_str());
        return std::move(written).error().context(target.string());
    }
    if (::fchmod(fd.get(), 0644) != 0 || ::fdatasync(fd.get()) != 0 || fd.close() != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("writing {}", target.string()));
    }
    if (::rename(scratch.c_str(), target.c_str()) == 0) {
        return {};
    }
    const int err = errno;
    ::unlink(scratch.c_str());
    // Where the directory is a mount point, beside it is another file system.
    return err == EXDEV ? write_file_atomically(target, bytes)
                        : Error::system(err, fmt::format("writing {}", target.string()));
}

Result<std::filesystem::path> ArchDirectory::make_successor() const {
    std::filesystem::path successor = beside("next");
    if (::mkdir(successor.c_str(), 0700) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("making {}", successor.string()));
    }
    QUERN_TRY(const UniqueFd from, open_directory(path_));
    QUERN_TRY(const UniqueFd to, open_directory(successor));
    QUERN_CHECK(link_tree(from.get(), to.get()));
    return successor;
}

Result<bool> ArchDirectory::exchange(const std::filesystem::path& successor) const {
    if (::renameat2(AT_FDCWD, successor.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) {
        return true;
    }
    const int err = errno;
    if (err == EINVAL || err == ENOSYS || err == EBUSY || err == EXDEV) {
        return false;  // a file system without it, or a mount point
    }
    return Error::system(err, fmt::format("exchanging {}", path_.string()));
}

}  // namespace quern::repository
