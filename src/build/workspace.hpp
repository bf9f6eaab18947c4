// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/scratch.hpp"
#include "quern/error.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace quern::build {

/// Where a guest sees the workspace. Source: recipe-and-build 6.3.
inline constexpr std::string_view guest_home = "/home/build";
/// Below the workspace: one directory a package.
inline constexpr std::string_view output_directory = "melange-out";

/// The writable directory of one build: `home` (the guest's /home/build) and `overlay` (what steps
/// change of the root).
class Workspace {
 public:
    /// `parent` and what is made in it lie on a file system that can hold an overlay. A `fixed`
    /// directory is used as it is, what a build made in it before emptied first.
    static Result<Workspace> create(
        const std::filesystem::path& parent, const std::filesystem::path& fixed, const GuestIds& ids
    );

    const std::filesystem::path& path() const { return scratch_.path(); }
    const std::filesystem::path& home_path() const { return home_path_; }
    std::filesystem::path overlay_path() const { return path() / "overlay"; }
    const FileTree& home() const { return home_; }
    /// Makes `directory` ("home/build", made if missing) the home: a place in a mounted tree.
    Result<void> use_home(const std::filesystem::path& root, std::string_view directory);
    /// Lets go of it, so that the tree can be taken down.
    void close_home();
    void keep() { scratch_.keep(); }
    bool is_own() const { return !scratch_.is_kept(); }  ///< goes away with this object

    /// Makes `melange-out/<package>` if it is missing.
    Result<void> make_output(std::string_view package) const;
    /// Gives everything in `home` to a user of the guest, for steps that do not run as root.
    Result<void> give_home(std::uint32_t uid, std::uint32_t gid) const;
    /// The finished tree of a package.
    Result<FileTree> output(std::string_view package) const;

 private:
    Workspace(Scratch scratch, FileTree home, const GuestIds& ids)
        : scratch_(std::move(scratch)),
          home_path_(scratch_.path() / "home"),
          home_(std::move(home)),
          ids_(ids) {}
    Scratch scratch_;
    std::filesystem::path home_path_;
    FileTree home_;
    GuestIds ids_;
};

/// Gives everything that lies at `path` below `tree` to the guest's root, `path` itself included.
Result<void> give_to_guest(const FileTree& tree, std::string_view path, const GuestIds& ids);

}  // namespace quern::build
