// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// One part of a file that has a structure: a section, a member.
struct Part {
    std::string name;        ///< unique in its file
    std::string about;       ///< what is known besides: times, modes, checksums
    std::string_view bytes;  ///< of the file, or of `storage`
};

/// Takes a file apart: ELF sections, members of ar, tar and zip archives, what is in a gzip member.
/// Nothing if it is none of these, or damaged. What is inflated is kept in `storage`. At most
/// 100,000 parts; contents of zip members are given only where they are stored plainly, of others
/// `about` has the checksum.
std::optional<std::vector<Part>> parts_of(std::string_view file, std::deque<std::string>& storage);

}  // namespace quern::package
