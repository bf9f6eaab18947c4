// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "quern/error.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace quern::sandbox {

/// Writes what lies below `tree` as tar with the ids, all mode bits, times and attributes that it
/// has for guests. `is_wanted` leaves entries out; null: all. Sockets are left out.
Result<void> write_tree(
    const FileTree& tree,
    const GuestIds& ids,
    archive::ByteSink& sink,
    const std::function<bool(const TreeEntry&)>& is_wanted
);

/// Puts a tar stream below `tree` in the place of what is there. `prefix` ("build") is the first
/// part of each path, which is left out; the entry of that name alone is `tree` itself. Empty:
/// paths are as they are. The stream is not trusted: nothing is written outside, devices are
/// refused. Errors: invalid_data, limit, io.
Result<void> replace_tree(
    const FileTree& tree, const GuestIds& ids, archive::ByteSource& source, std::string_view prefix
);

/// A copy with all that a tree has, for where it cannot be mounted. What passes lies in a file
/// below `scratch`.
Result<void> copy_tree(
    const FileTree& from,
    const FileTree& to,
    const GuestIds& ids,
    const std::filesystem::path& scratch
);

}  // namespace quern::sandbox
