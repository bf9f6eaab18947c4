// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// Bytes of `Packages.adb`, the index that apk 3 reads beside or in place of APKINDEX, over
/// packages of version 2: compressed, signed if a key is given. `pkgname_spec` says where packages
/// lie: "x86_64/${name}-${version}.apk". Packages by name and version. Deterministic. Errors:
/// invalid_data (a relation that is none, a number or text too large for the format). Source:
/// apk-format 7.
Result<std::string> write_adb_index(
    const Index& index, std::string_view pkgname_spec, const Signer* key
);

/// `Packages.adb` as it was read.
struct AdbIndexFile {
    Index index;  ///< checksums are "Q1…" of packages of version 2, "Q2…" of those of version 3
    std::string pkgname_spec;
    std::vector<std::string> key_ids;        ///< of its signatures, in hex
    std::optional<std::string> verified_by;  ///< name of the key, if a keyring was given
};

/// Reads an index of apk 3. With `keyring` the signature is checked before anything of the content
/// is looked at. Errors: signature, invalid_data, limit, unsupported, io.
Result<AdbIndexFile> read_adb_index(
    const std::filesystem::path& path, const Keyring* keyring, const IndexLimits& limits = {}
);

/// Signs an index of apk 3 anew, in place and atomically, once it has been read; other signatures
/// are dropped. Errors: as reading; as signing.
Result<void> sign_adb_index(const std::filesystem::path& path, const Signer& key);

}  // namespace quern::apk
