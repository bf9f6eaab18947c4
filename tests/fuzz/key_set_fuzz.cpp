// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/keyring.hpp"
#include "repository/key_set.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern;

/// Every key of a set is one that signatures can be checked with, under a name that is no path.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto keys = repository::parse_key_set({reinterpret_cast<const char*>(data), size});
    if (!keys) {
        return 0;
    }
    for (const repository::SetKey& key : *keys) {
        QUERN_ASSERT(!key.id.empty() && key.id.find('/') == std::string::npos);
        static_cast<void>(apk::PublicKey::parse(key.pem));
    }
    return 0;
}
