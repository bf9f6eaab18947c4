// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <linux/openat2.h>

#include <cstdint>
#include <string>
#include <vector>

namespace quern {

/// openat2 with O_CLOEXEC; on failure the result is empty and errno says why. `resolve`: RESOLVE_*
/// of <linux/openat2.h>.
UniqueFd open_beneath(int directory, const char* path, int flags, std::uint64_t resolve) noexcept;

/// Opens the directory `name`, a single part, for reading: never through a link, never into another
/// mount (EXDEV).
UniqueFd open_directory(int parent, const char* name) noexcept;

/// What is in a directory, "." and ".." left out, in the order of the file system. Reads from the
/// start.
Result<std::vector<std::string>> list_names(int directory);

/// Removes `name` and all below it. A missing one is success; another mount below is an error and
/// is left as it is.
Result<void> remove_entry(int parent, const std::string& name);

}  // namespace quern
