// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::image {

/// `text` as a part of an SPDX identifier: ':' becomes '-', every other byte that may not stand
/// there 'C' and its number. Source: image-and-resolver 5.8; SPDX 2.3 3.2.
std::string spdx_id(std::string_view text);

}  // namespace quern::image
