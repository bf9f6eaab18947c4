// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// OpenSSL calls engines deprecated, and Debian 12 has no provider for PKCS#11 yet. Delete this when
// the oldest system that is built for has one (pkcs11-provider).
#define OPENSSL_SUPPRESS_DEPRECATED

#include "support/lazy_library.hpp"

#include <openssl/crypto.h>
#include <openssl/engine.h>

namespace quern {

// As in crypto_functions.hpp, for keys that lie in a token.
#define QUERN_CRYPTO(name) \
    inline constexpr LazyFunction<"libcrypto.so.3", #name, decltype(::name)> name {}

QUERN_CRYPTO(ENGINE_by_id);
QUERN_CRYPTO(ENGINE_ctrl_cmd_string);
QUERN_CRYPTO(ENGINE_finish);
QUERN_CRYPTO(ENGINE_free);
QUERN_CRYPTO(ENGINE_init);
QUERN_CRYPTO(ENGINE_load_private_key);
QUERN_CRYPTO(OPENSSL_init_crypto);

#undef QUERN_CRYPTO

}  // namespace quern
