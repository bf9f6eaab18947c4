// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// Version of the list that the questions below are answered from.
inline constexpr std::string_view license_list_version = "3.27";

/// All identifiers, in byte order.
std::span<const std::string_view> listed_licenses();
std::span<const std::string_view> listed_exceptions();

/// The identifier as the list spells it, for one in any case; empty if it is not there.
std::string_view listed_license(std::string_view id);
std::string_view listed_exception(std::string_view id);

/// Whether SPDX advises against an identifier, spelt as the list does: "GPL-2.0", of which nobody
/// knows whether later versions are meant.
bool is_deprecated_license(std::string_view id);
/// What to write in place of a deprecated one: several to choose from, or nothing that is known.
std::vector<std::string> successors_of(std::string_view id);

}  // namespace quern::package
