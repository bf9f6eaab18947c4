// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"

#include <string>

namespace quern::build {

/// What a shell in a guest changes below one directory, to be kept as a patch. Built packages and
/// downloads are no part of it.
class GuestChanges {
 public:
    /// Copies what `directory` holds now. `services` outlives this. Errors: io, not_found.
    static Result<GuestChanges> begin(FileTree directory, const Services& services);

    /// Text files that differ now, are new or are gone, as a diff of git's form (a/ and b/); empty
    /// if there are none. Errors: io, unsupported (no git here), interrupted.
    Result<std::string> diff() const;

 private:
    GuestChanges(FileTree directory, TempDir scratch, const Services& services)
        : directory_(std::move(directory)), scratch_(std::move(scratch)), services_(&services) {}
    Result<void> copy(const char* name) const;
    FileTree directory_;
    TempDir scratch_;
    const Services* services_;
};

/// A diff without the parts that only say that binary files differ, which no program applies.
std::string without_binary_files(std::string_view diff);

}  // namespace quern::build
