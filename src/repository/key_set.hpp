// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// One RSA key of a JSON Web Key Set.
struct SetKey {
    std::string id;   ///< `kid`: can be part of a file name
    std::string pem;  ///< SubjectPublicKeyInfo
};

/// The RSA keys of a set in its order; keys of other kinds are left out.
/// Errors: invalid_data (no JSON, a key without a usable `kid`, `n` or `e`, an id that is a path).
/// Source: RFC 7517 5, RFC 7518 6.3.1.
Result<std::vector<SetKey>> parse_key_set(std::string_view text);

}  // namespace quern::repository
