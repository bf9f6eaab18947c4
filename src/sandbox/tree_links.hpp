// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/file_tree.hpp"

#include <filesystem>

namespace quern::sandbox {

/// Makes in `to`, which is empty, the directories of `from` and further names of its files: what is
/// written into one of these is in both. Errors: io (not one file system, too many names).
Result<void> link_tree(const FileTree& from, const FileTree& to);

/// Puts further names of what lies in `from` in the place of the directory `place`. Where another
/// process has done the same meanwhile its files stay. Errors: io.
Result<void> replace_by_links(const FileTree& from, const std::filesystem::path& place);

}  // namespace quern::sandbox
