// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quern::recipe::go {

/// What stands between `%` and the verb.
struct FormatFlags {
    bool plus = false;
    bool minus = false;
    bool sharp = false;
    bool space = false;
    bool zero = false;
    std::optional<std::size_t> width;
    std::optional<std::size_t> precision;
};

/// One scalar by one verb; nothing if the verb is wrong for it. Padded to the width.
std::optional<std::string> format_truth(bool value, char verb, const FormatFlags& flags);
std::optional<std::string> format_integer(
    unsigned long long magnitude, bool is_negative, char verb, const FormatFlags& flags
);
std::optional<std::string> format_real(double value, char verb, const FormatFlags& flags);
std::optional<std::string> format_text(std::string_view text, char verb, const FormatFlags& flags);

/// With spaces, or zeros behind the sign, up to the width in code points.
std::string pad(std::string text, const FormatFlags& flags, bool is_number = false);

}  // namespace quern::recipe::go
