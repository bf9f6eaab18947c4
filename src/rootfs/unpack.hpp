// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "rootfs/guest_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace quern::rootfs {

/// One file, link or directory that a package put in the tree, as the installed database lists it.
struct InstalledEntry {
    archive::TarEntry entry;  ///< without content and records
    std::string checksum;     ///< hex SHA-1 of files and links, empty for others
};

/// A package of the tree with what it owns there.
struct InstalledPackage {
    apk::PackageInfo info;
    std::string checksum;  ///< "Q1…"
    std::uint64_t file_size = 0;
    std::map<std::string, std::string> control_files;
    std::vector<InstalledEntry> entries;  ///< in the order of the package
};

/// Unpacks packages into a tree, one after the other, and settles which of them owns a path that
/// several bring. Source: image-and-resolver 4.3; apk-format 1.5.
class Unpacker {
 public:
    explicit Unpacker(const GuestTree& tree) : tree_(tree) {}

    /// Every hash of the package is checked before this returns success. Errors: digest_mismatch,
    /// invalid_data (hostile entries, a file that another package owns with other content: both are
    /// named), io.
    Result<void> unpack(const apk::PackageFile& package);
    /// In the order of `unpack`; what a later package took over is listed with the later one only.
    std::vector<InstalledPackage> take_packages();
    std::uint64_t files() const { return files_; }
    std::uint64_t bytes() const { return bytes_; }

 private:
    struct Owner {
        std::size_t package = 0;
        std::string checksum;
    };

    Result<void> place(const archive::TarEntry& entry, archive::TarReader& content);
    Result<void> place_directory(const archive::TarEntry& entry);
    Result<void> place_file(const archive::TarEntry& entry, archive::TarReader& content);
    Result<void> place_symlink(const archive::TarEntry& entry);
    Result<void> place_hard_link(const archive::TarEntry& entry);
    /// Whether the current package may put `entry` where another thing may be. Removes what it
    /// replaces.
    Result<bool> claim(const archive::TarEntry& entry, const std::string& checksum);
    Result<void> open_parent_of(std::string_view path);
    void record(const archive::TarEntry& entry, std::string checksum);

    const GuestTree& tree_;
    std::vector<InstalledPackage> packages_;
    std::unordered_map<std::string, Owner> owners_;
    UniqueFd parent_;
    std::string parent_path_;
    std::string name_;
    std::uint64_t files_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace quern::rootfs
