// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/keyring.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

/// OpenSSL's key, named here so that its headers stay in keyring.cpp and private_key.cpp.
struct evp_pkey_st;

namespace quern::apk {

/// Shared, never changed after it was made.
struct PublicKey::State {
    std::shared_ptr<evp_pkey_st> key;
};

struct PrivateKey::State {
    std::shared_ptr<evp_pkey_st> key;
    bool is_in_token = false;
    std::mutex mutex;  ///< of a token, which does one thing at a time
};

/// The newest text in OpenSSL's error queue of this thread, which is empty afterwards; "no reason
/// given" without one.
std::string take_openssl_error();

/// Bounds on RSA keys. Source: apk-format 1.1 "Key size is free"; above 16,384 bits OpenSSL does
/// not verify (OPENSSL_RSA_MAX_MODULUS_BITS).
inline constexpr int fewest_trusted_bits = 1024;
inline constexpr int fewest_new_bits = 2048;
inline constexpr int most_bits = 16384;
/// A PEM file of a key of that size has less than 16 KiB.
inline constexpr std::size_t longest_pem = std::size_t{64} << 10U;

/// Checks that a key is RSA, of `fewest` to `most_bits` bits. Errors: invalid_data.
Result<void> check_rsa_key(evp_pkey_st* key, int fewest);

}  // namespace quern::apk
