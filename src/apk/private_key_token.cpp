// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Keys in a token (a card, a hardware module) by OpenSSL's engine for PKCS#11. The engine lives as
// long as the key: its functions make the signatures.
#include "apk/field_rules.hpp"
#include "apk/key_handle.hpp"
#include "quern/keyring.hpp"
#include "support/crypto_engine_functions.hpp"
#include "support/crypto_functions.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::apk {

namespace {

struct EndEngine {
    void operator()(ENGINE* engine) const noexcept {
        ENGINE_finish(engine);
        ENGINE_free(engine);
    }
};
using Engine = std::shared_ptr<ENGINE>;

Result<Engine> start_engine(const Passphrase& pin) {
    ERR_clear_error();
    OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, nullptr);
    ENGINE* const found = ENGINE_by_id("pkcs11");
    if (found == nullptr) {
        ERR_clear_error();
        return Error(ErrorCode::unsupported, "OpenSSL has no engine for PKCS#11 here")
            .help("install it (Debian: libengine-pkcs11-openssl), or sign with --signer");
    }
    const std::string text(pin.view());
    const bool has_pin = text.empty() || ENGINE_ctrl_cmd_string(found, "PIN", text.c_str(), 0) == 1;
    if (!has_pin || ENGINE_init(found) != 1) {
        ENGINE_free(found);
        return Error(
                   ErrorCode::io,
                   fmt::format("starting the engine for PKCS#11: {}", take_openssl_error())
        )
            .help("PKCS11_MODULE_PATH names the library of the token");
    }
    return Engine(found, EndEngine());
}

}  // namespace

bool is_token_uri(std::string_view text) {
    return text.starts_with("pkcs11:");
}

Result<PrivateKey> PrivateKey::open_token(
    std::string public_name, const std::string& uri, const Passphrase& pin
) {
    if (!is_key_file_name(public_name)) {
        return Error(
            ErrorCode::invalid_data, "the name of a key must be a file name without a directory"
        );
    }
    QUERN_TRY(const Engine engine, start_engine(pin));
    ERR_clear_error();
    EVP_PKEY* const found = ENGINE_load_private_key(engine.get(), uri.c_str(), nullptr, nullptr);
    if (found == nullptr) {
        // The URI may hold a PIN: it is not repeated.
        return Error(
                   ErrorCode::signature,
                   fmt::format("the token gives no such key: {}", take_openssl_error())
        )
            .help(
                "look at token and object in the pkcs11: URI; the PIN comes from "
                "--passphrase-file, "
                "--passphrase-fd, or the URI's pin-source"
            );
    }
    std::shared_ptr<EVP_PKEY> key(found, [engine](EVP_PKEY* each) { EVP_PKEY_free(each); });
    QUERN_CHECK(check_rsa_key(key.get(), fewest_trusted_bits));
    ERR_clear_error();
    auto state = std::make_unique<State>();
    state->key = std::move(key);
    state->is_in_token = true;
    return PrivateKey(std::move(public_name), std::move(state));
}

}  // namespace quern::apk
