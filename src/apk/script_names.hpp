// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace quern::apk {

/// Scripts by the name that version 2 has for them, in the order of the fields of version 3.
/// Source: apk-format 1.4 and 7 (scripts).
inline constexpr std::array<std::string_view, 7> script_names = {
    ".trigger",
    ".pre-install",
    ".post-install",
    ".pre-deinstall",
    ".post-deinstall",
    ".pre-upgrade",
    ".post-upgrade",
};

}  // namespace quern::apk
