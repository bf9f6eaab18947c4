// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace quern::build {

/// What a shell in a guest changes below one directory, to be kept as a patch. Built packages and
/// downloads are no part of it.
class GuestChanges {
 public:
    /// Opens a directory, which may be another one by then: trees of remote guests are replaced.
    using Open = std::function<Result<FileTree>()>;

    /// Copies what the directory holds now. `services` outlives this. Errors: io, not_found.
    static Result<GuestChanges> begin(Open open, const Services& services);

    /// Writes `diff` to `file`, if there is one, and says which it is. `directory` is what the
    /// guest calls it. Errors: as `diff`.
    Result<void> save(const std::filesystem::path& file, std::string_view directory) const;

    /// Text files that differ now, are new or are gone, as a diff of git's form (a/ and b/); empty
    /// if there are none. Errors: io, unsupported (no git here), interrupted.
    Result<std::string> diff() const;

 private:
    GuestChanges(Open open, TempDir scratch, const Services& services)
        : open_(std::move(open)), scratch_(std::move(scratch)), services_(&services) {}
    Result<void> copy(const char* name) const;
    Open open_;
    TempDir scratch_;
    const Services* services_;
};

/// Where the changes of the shells of one build go: the first in `file`, others in "FILE.2" and so
/// on.
struct SavedPatches {
    std::filesystem::path file;
    std::size_t count = 0;
    std::filesystem::path next();
};

/// A directory of a guest by the name that steps know it by. `root` is the guest's tree, `home` its
/// workspace if that lies elsewhere. Not by path: a step may have put a link in the way. Errors:
/// io, not_found.
Result<FileTree> open_in_guest(
    const std::filesystem::path& root,
    const std::filesystem::path& home,
    const std::string& directory
);

/// A diff without the parts that only say that binary files differ, which no program applies.
std::string without_binary_files(std::string_view diff);

}  // namespace quern::build
