// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::package {

/// The differences of two texts by lines, as `diff -u` writes them, with three lines of context.
/// Empty if they are equal. Texts of more than 4,096 lines are shown as replaced as a whole. The
/// labels stand behind "---" and "+++".
std::string unified_diff(
    std::string_view before,
    std::string_view after,
    std::string_view before_label,
    std::string_view after_label
);

}  // namespace quern::package
