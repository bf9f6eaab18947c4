// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/package_data.hpp"
#include "image/root_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quern::image {

/// A package of the image with what it owns there.
struct Installed {
    apk::PackageInfo info;
    std::string checksum;  ///< "Q1…"
    std::uint64_t file_size = 0;
    std::vector<Script> scripts;
    std::vector<DataEntry> entries;  ///< as in the package; what another took over is not there
};

/// Puts packages in a tree, one after the other, and settles which of them owns a path that several
/// bring. Runs nothing. Source: image-and-resolver 4.3.
class Installer {
 public:
    /// `keeps_owners`: owners of files and the special bits of directories stay as packaged, else
    /// everything is root's but what is in packages that say otherwise.
    Installer(RootTree& tree, bool keeps_owners) : tree_(tree), keeps_owners_(keeps_owners) {}

    /// Errors: invalid_data (a file that two packages own with other content, a kind of file that
    /// is not put in images), not_found.
    Result<void> install(PackageData package);
    std::vector<Installed>& packages() { return packages_; }
    const std::vector<Installed>& packages() const { return packages_; }

 private:
    Result<void> add(const DataEntry& data);
    Result<void> add_directory(const DataEntry& data);
    Result<void> add_hard_link(const DataEntry& data);
    Result<void> add_file(const DataEntry& data);
    enum class Verdict { keep, replace };
    Result<Verdict> judge(const DataEntry& data, const Inode& existing) const;
    void disown(const Inode& existing, const std::string& path);
    void apply(const DataEntry& data, Inode& inode) const;

    RootTree& tree_;
    bool keeps_owners_;
    bool keeps_now_ = false;  ///< for the package at hand
    std::vector<Installed> packages_;
};

}  // namespace quern::image
