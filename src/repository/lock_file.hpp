// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "quern/repository.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// One gzip member of a locked package. Both texts are empty for a signature that is not there.
struct LockedSection {
    std::string range;     ///< "bytes=FIRST-LAST", both inclusive
    std::string checksum;  ///< "sha1-" or "sha256-" and base64, over the bytes as stored
};

struct LockedPackage {
    std::string name;
    std::string url;  ///< BASE/ARCH/NAME-VERSION.apk, no credentials
    std::string version;
    std::string architecture;  ///< what the package says; may be noarch
    LockedSection signature;   ///< sha1
    LockedSection control;     ///< sha1
    LockedSection data;        ///< sha256
    std::string checksum;      ///< identity, "Q1…"

    /// The folder of the repository that it lies in: the last but one part of the URL.
    std::string directory_architecture() const;
};

/// One index that packages were chosen from.
struct LockedRepository {
    std::string name;  ///< the URL without scheme, BASE/ARCH
    std::string url;   ///< of the index, no credentials
    std::string architecture;
};

struct LockedKey {
    std::string name;         ///< the URL without http:// or https://
    std::string url;          ///< where it was read, no credentials
    std::string content;      ///< PEM
    std::string fingerprint;  ///< SHA-256 of the DER form, hex; written only if it is not empty
};

/// What was asked for, for one architecture: the sorted list that the packages answer.
struct LockedWorld {
    std::string architecture;
    std::vector<std::string> packages;
};

/// The packages that a recipe or an image was resolved to, by content.
/// Source: image-and-resolver 6. `fingerprint`, `worlds` and `ignore_signatures` are ours and are
/// left out when empty or false, so that other readers find what they know.
struct LockFile {
    std::string config_name;      ///< path as it was given
    std::string config_checksum;  ///< see config_checksum()
    std::vector<LockedKey> keyring;
    std::vector<LockedRepository> build_repositories;
    std::vector<LockedRepository> runtime_repositories;
    std::vector<LockedRepository> repositories;
    std::vector<LockedPackage> packages;  ///< in install order, one architecture after the other
    std::vector<LockedWorld> worlds;
    bool ignores_signatures = false;  ///< nobody vouched for the indexes that were read

    /// Errors: invalid_data (the message names the field). Names and versions are checked before
    /// any path can be made of them; each package's URL must end with its own file name.
    static Result<LockFile> parse(std::string_view text);
    /// JSON, two spaces a level, a line break at the end. `parse` inverts it.
    std::string to_string() const;
};

/// Errors: not_found, io, limit, invalid_data; the message has the path.
Result<LockFile> read_lock_file(const std::filesystem::path& path);
/// `<path without its extension>.lock.json`.
std::filesystem::path lock_path_of(const std::filesystem::path& config);
/// "sha256-" and base64 over the texts behind each other: a configuration and what it includes.
std::string config_checksum(std::span<const std::string_view> texts);

/// `package` is what `selected` names.
LockedPackage lock_package(const Selected& selected, const apk::PackageFile& package);
LockedRepository lock_repository(const Location& location, std::string_view architecture);
/// `place` is a path or URL. Errors: invalid_data (`pem` is no key).
Result<LockedKey> lock_key(std::string_view place, std::string_view pem);

/// The locked packages of one architecture as a store can open them, in the lock's order; nothing
/// is resolved and no index read. Credentials and tags come from the location whose URL is the
/// same. Errors: invalid_data (none is locked for `architecture`).
Result<std::vector<Selected>> select_locked(
    const LockFile& lock, std::string_view architecture, std::span<const Location> locations
);

/// What changed, one line each, by kind and name: worlds, trust, repositories, keys (by content),
/// packages. Empty if both lock the same. Ranges, URLs' order and the config's checksum do not
/// count.
std::vector<std::string> differences(const LockFile& before, const LockFile& after);

}  // namespace quern::repository
