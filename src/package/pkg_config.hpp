// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// What a pkg-config file says about other modules.
struct PkgConfigFile {
    std::vector<std::string> required;  ///< of Requires, Requires.private and Requires.internal,
                                        ///< each once, without constraints
    std::string problem;                ///< why it could not be read; then nothing is required
};

/// Reads the text of a .pc file: variables are expanded, comments and constraints dropped. A file
/// over 1 MiB, with a variable that is not defined or that contains itself has a `problem`. Source:
/// pkg-config(1), pc(5).
PkgConfigFile parse_pkg_config(std::string_view text);

}  // namespace quern::package
