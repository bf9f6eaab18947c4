// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace quern::package {

/// Version of the list that the questions below are answered from.
inline constexpr std::string_view license_list_version = "3.19";

/// All identifiers, in byte order.
std::span<const std::string_view> listed_licenses();
std::span<const std::string_view> listed_exceptions();

/// The identifier as the list spells it, for one in any case; empty if it is not there.
std::string_view listed_license(std::string_view id);
std::string_view listed_exception(std::string_view id);

}  // namespace quern::package
