// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/keyring.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// A text with signatures over it and over what it is: a DSSE envelope. Source:
/// secure-systems-lab/dsse 1.0.2, envelope.md and protocol.md.
struct Envelope {
    std::string payload_type;  ///< "application/vnd.in-toto+json"
    std::string payload;       ///< the bytes that are signed
    /// SHA-256 with PKCS#1 v1.5; `key_name` is what the format calls keyid.
    std::vector<apk::Signature> signatures;

    /// Reads the JSON form; signatures are not checked. Errors: invalid_data, limit.
    static Result<Envelope> parse(std::string_view json);
    /// One line of JSON with a newline. Inverts parse.
    std::string to_string() const;

    /// Adds a signature. Errors: as Signer::sign.
    Result<void> sign(const apk::Signer& key);
    /// Gives the name of the key that signed. Errors: as Keyring::verify.
    Result<std::string> verify(const apk::Keyring& keyring) const;
};

}  // namespace quern::package
