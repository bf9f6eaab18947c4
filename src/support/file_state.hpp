// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace quern {

/// Tells one content of a file from every other without reading it: length, inode and time of the
/// last change, which whoever writes to a file cannot set. Comparable on one machine only. Empty:
/// there is no such file.
std::string file_state(const std::filesystem::path& path);
std::string file_state(int fd);

}  // namespace quern
