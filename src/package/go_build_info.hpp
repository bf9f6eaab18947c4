// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quern::package {

class Content;

/// The module and settings lines of the build information that begins at `offset`:
/// "build\tCGO_ENABLED=1". Nothing if there is none, it is over 256 KiB, or of the form of Go
/// before 1.18. Source: the Go package debug/buildinfo.
std::optional<std::string> read_go_build_info(Content& file, std::uint64_t offset);
/// Looks for it at multiples of 16 in the 64 KiB at `offset`.
std::optional<std::string> find_go_build_info(Content& file, std::uint64_t offset);

/// Whether the settings are those of a program that is built against OpenSSL for FIPS: by cgo and
/// with one of the experiments that replace Go's cryptography. Source: recipe-and-build 8.2.
bool uses_openssl_for_fips(const std::string& build_info);

}  // namespace quern::package
