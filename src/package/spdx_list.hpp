// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace quern::package {

/// Version of the list that the two questions below are answered from.
inline constexpr std::string_view license_list_version = "3.19";

bool is_listed_license(std::string_view id);
bool is_listed_exception(std::string_view id);

}  // namespace quern::package
