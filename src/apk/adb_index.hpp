// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"

#include <string>
#include <string_view>

namespace quern::apk {

/// Bytes of `Packages.adb`, the index that apk 3 reads beside or in place of APKINDEX, over
/// packages of version 2: compressed, signed if a key is given. `pkgname_spec` says where packages
/// lie: "x86_64/${name}-${version}.apk". Packages by name and version. Deterministic. Errors:
/// invalid_data (a relation that is none, a number or text too large for the format). Source:
/// apk-format 7.
Result<std::string> write_adb_index(
    const Index& index, std::string_view pkgname_spec, const Signer* key
);

}  // namespace quern::apk
