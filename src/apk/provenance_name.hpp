// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace quern::apk {

/// Behind the file name of a package: the file beside it that says how it was made. Source: in-toto
/// attestation framework, spec/v1/bundle.md (".intoto.jsonl").
inline constexpr std::string_view provenance_suffix = ".intoto.jsonl";

}  // namespace quern::apk
