// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace quern::seed {

/// What of a machine's apt sources belongs to one Debian release: entries with the component
/// "main", of their suites RELEASE, RELEASE-updates and RELEASE-security, that are not signed by
/// another vendor's key. Those without a key of their own get `keyring`, so that nothing else is
/// believed.
struct SourceRules {
    std::string release;
    std::string keyring;        ///< absolute path; empty: apt's trusted keys
    bool with_sources = false;  ///< also "deb-src"
};

/// The entries of a one-line-style file (sources.list(5)), chosen, in deb822 style. Lines that
/// cannot be read are passed over, as apt itself would stop at them.
std::string select_one_line_sources(std::string_view text, const SourceRules& rules);
/// The same of a deb822-style file.
std::string select_deb822_sources(std::string_view text, const SourceRules& rules);

/// All of `apt_directory` ("/etc/apt"): sources.list, then sources.list.d/*.{list,sources} by name.
/// Errors: not_found (nothing of the release in it; the help says what to do).
Result<std::string> select_system_sources(
    const std::filesystem::path& apt_directory, const SourceRules& rules
);

}  // namespace quern::seed
