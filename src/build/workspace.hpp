// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/error.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace quern::build {

/// Where a guest sees the workspace. Source: recipe-and-build 6.3.
inline constexpr std::string_view guest_home = "/home/build";
/// Below the workspace: one directory a package.
inline constexpr std::string_view output_directory = "melange-out";

/// The writable directory of one build: `home` (the guest's /home/build) and `overlay` (what steps
/// change of the root). Removed with the object unless kept. One that a killed build left behind is
/// removed by the next build.
class Workspace {
 public:
    /// `parent` and what is made in it lie on a file system that can hold an overlay. A `fixed`
    /// directory is used as it is, its `home` emptied first.
    static Result<Workspace> create(
        const std::filesystem::path& parent, const std::filesystem::path& fixed, const GuestIds& ids
    );
    Workspace(Workspace&&) noexcept = default;
    Workspace& operator=(Workspace&&) noexcept = default;
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace();

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path home_path() const { return path_ / "home"; }
    std::filesystem::path overlay_path() const { return path_ / "overlay"; }
    const FileTree& home() const { return *home_; }
    void keep() { keep_ = true; }

    /// Makes `melange-out/<package>` if it is missing.
    Result<void> make_output(std::string_view package) const;
    /// The finished tree of a package.
    Result<FileTree> output(std::string_view package) const;

 private:
    Workspace() = default;
    std::filesystem::path path_;
    std::unique_ptr<FileTree> home_;
    std::unique_ptr<FileLock> lock_;
    GuestIds ids_;
    bool keep_ = false;
};

/// Gives everything that lies at `path` below `tree` to the guest's root, `path` itself included.
Result<void> give_to_guest(const FileTree& tree, std::string_view path, const GuestIds& ids);

}  // namespace quern::build
