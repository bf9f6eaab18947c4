// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// Says for people where two contents of one file differ, a line each, at most 40 and one that says
/// how many more there are: sections of ELF files, members of ar, tar and zip archives (jar, whl),
/// what is in a gzip file and its header, lines of a text, else the first byte. Archives are looked
/// into three levels deep. Nothing if they are equal. Content is hostile: of a file at most 32 MiB
/// are inflated on each level, and of all parts together 1 GiB is compared.
std::vector<std::string> explain_difference(std::string_view before, std::string_view after);

}  // namespace quern::package
