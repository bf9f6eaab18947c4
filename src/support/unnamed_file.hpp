// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <filesystem>

namespace quern {

/// A new file without a name on the file system of `directory`, for reading and writing: a kill
/// leaves nothing of it. Makes the directory if it is missing. Errors: io.
Result<UniqueFd> make_unnamed_file(const std::filesystem::path& directory);

/// A descriptor of its own to the same file, for reading only, at offset 0. Errors: io.
Result<UniqueFd> reopen_for_reading(int fd);

/// Empties a file that is written to from its start. Errors: io.
Result<void> empty_file(int fd);

struct NameOptions {
    bool is_durable =
        true;  ///< flushed first; not needed where a torn file is found when it is read
};

/// Gives the file the name `path` at once, replacing what has it, and the mode 0644; a file that
/// cannot be linked (it has a name already, or lies on another file system) is copied. Its offset
/// stays. Errors: io.
Result<void> give_name(int fd, const std::filesystem::path& path, const NameOptions& options = {});

}  // namespace quern
