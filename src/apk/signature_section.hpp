// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "quern/keyring.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// The first member of a signed package or index: a gzip member of a tar without end blocks with
/// the entry ".SIGN.<kind>.<key name>". Deterministic. Source: apk-format 1.1.
Result<std::string> make_signature_section(const Signature& signature, std::int64_t mtime);

/// `body` with a signature section in front of it, of date 0.
Result<std::string> sign_member(std::string_view body, const Signer& key);

/// True if an entry of this name belongs to a signature section.
bool is_signature_name(std::string_view name);

/// Signatures from the inflated text of a signature section. Kinds that are not known are left out,
/// as clients do. Errors: invalid_data (anything else than signatures in it, a key name that is a
/// path, end blocks, damaged).
Result<std::vector<Signature>> parse_signature_section(std::string_view text);

/// Calls `visit` with each entry of a small inflated tar: regular files only, each name once,
/// without end blocks if `open_ended`. Errors: invalid_data; `section` names it in messages; what
/// `visit` gives.
using SmallFileVisitor =
    std::function<Result<void>(const archive::TarEntry& entry, std::string content)>;
Result<void> read_small_tar(
    std::string_view text, std::string_view section, bool open_ended, const SmallFileVisitor& visit
);
/// The same without a copy: `content` is a part of `text`.
using SmallFileViewer =
    std::function<Result<void>(const archive::TarEntry& entry, std::string_view content)>;
Result<void> view_small_tar(
    std::string_view text, std::string_view section, bool open_ended, const SmallFileViewer& visit
);

}  // namespace quern::apk
