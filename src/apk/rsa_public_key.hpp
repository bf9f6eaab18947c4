// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

struct evp_pkey_st;

namespace quern::apk {

/// An RSA key from a SubjectPublicKeyInfo in PEM form, read without OpenSSL's decoders: to set them
/// up takes longer than to check a signature. Null for anything else, and for a key that is not in
/// the one form that DER allows: OpenSSL's own reader then says what it is. Source: RFC 8017 A.1.1,
/// RFC 5280 4.1, RFC 7468 13.
std::shared_ptr<evp_pkey_st> read_rsa_public_key(std::string_view pem);

}  // namespace quern::apk
