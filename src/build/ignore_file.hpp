// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern::build {

/// The patterns of a `.melangeignore` file. They are tested against files, never against
/// directories. Source: recipe-and-build 6.4, the dialect observed there.
class IgnoreFile {
 public:
    /// Any text is one.
    static IgnoreFile parse(std::string_view text);
    /// `path` is relative to the source directory, '/' between parts.
    bool matches(std::string_view path) const;

 private:
    struct Pattern {
        bool by_name = false;            ///< no slash: the last part at any depth
        std::vector<std::string> parts;  ///< "**" is any number of parts
    };
    std::vector<Pattern> patterns_;
};

}  // namespace quern::build
