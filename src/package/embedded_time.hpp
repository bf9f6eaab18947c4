// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quern::package {

/// The time that stands at the beginning of a gzip, zip or ar file or of Python byte code: Unix
/// seconds. Nothing if the file is none of these or holds no time. Source: RFC 1952 2.3;
/// APPNOTE.TXT 4.3.7; ar(5); PEP 552.
std::optional<std::int64_t> embedded_time(std::string_view head);

}  // namespace quern::package
