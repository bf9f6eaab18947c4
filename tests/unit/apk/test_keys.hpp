// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/keyring.hpp"

#include <string>

namespace quern::test {

/// One RSA key of 2,048 bits in its forms.
const std::string& private_pem();  ///< PKCS#1
const std::string& public_pem();
const std::string& pkcs8_pem();
const std::string& locked_pkcs1_pem();  ///< passphrase "old lock"
/// Keys that are refused.
const std::string& elliptic_private_pem();
const std::string& elliptic_public_pem();
const std::string& small_public_pem();  ///< 512 bits

/// That key under the name "test.rsa", and a ring with its public half as "test.rsa.pub".
const apk::PrivateKey& test_key();
const apk::Keyring& test_keyring();

}  // namespace quern::test
