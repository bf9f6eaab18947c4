// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// One block between `-----BEGIN label-----` and its end.
struct PemBlock {
    std::string label;
    std::string der;
};

/// All blocks of a text, what stands around them left out. Nothing if one is not closed or holds
/// anything but base64 of a DER value. Source: RFC 7468.
std::optional<std::vector<PemBlock>> parse_pem(std::string_view text);

/// The block as text: lines of 64 characters.
std::string to_pem(const PemBlock& block);

/// The certificate that `text` holds; nothing unless it is exactly one block "CERTIFICATE".
std::optional<PemBlock> parse_certificate(std::string_view text);

}  // namespace quern::image
