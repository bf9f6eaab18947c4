// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/keyring.hpp"
#include "repository/http_cache.hpp"

#include <span>
#include <string>
#include <vector>

namespace quern::repository {

/// What is said to be a public key, and where it comes from.
struct KeyText {
    std::string name;   ///< file name: what signatures call it
    std::string place;  ///< path or URL as it was given; holds credentials if the URL does
    std::string pem;
    bool is_discovered = false;  ///< no one named it; its repository's server did
};

/// A public key that is trusted, and why.
struct TrustedKey : KeyText {
    apk::PublicKey key;
};

/// Keys that the user named: PEM files, directories of `*.pub`, http(s) URLs. In the given order,
/// those of a directory by name. URLs are kept in `cache` and work offline from there.
/// Errors: not_found, io, network, invalid_data (no RSA key; two different keys of one name), usage
/// (a key's text in place of its file's name; the text is not repeated).
Result<std::vector<TrustedKey>> read_keys(
    std::span<const std::string> places, const HttpCache& cache
);

/// Adds a key unless it is there already. Errors: invalid_data (no RSA key; another key of that
/// name; a name that no file has).
Result<void> add_key(std::vector<TrustedKey>& keys, KeyText text);

apk::Keyring make_keyring(std::span<const TrustedKey> keys);

}  // namespace quern::repository
