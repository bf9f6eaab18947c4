// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Explains many files within one bound on all of them: `work` bytes, and pairs of lines, are
/// compared and 10,000 lines told, then each further file gets one line that says so.
class DifferenceExplainer {
 public:
    explicit DifferenceExplainer(std::uint64_t work = std::uint64_t{4} << 30U) : work_left_(work) {}
    std::vector<std::string> explain(std::string_view before, std::string_view after);

 private:
    std::uint64_t work_left_;
    std::size_t lines_left_ = 10'000;
};

}  // namespace quern::package
