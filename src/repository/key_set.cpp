// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A key set holds numbers, everything else here wants PEM: the few bytes of DER between the two are
// written by hand, which needs no library in this layer. Whether it is a good RSA key is judged by
// who parses the PEM.
#include "repository/key_set.hpp"

#include "quern/keyring.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace quern::repository {

namespace {

using Json = nlohmann::json;

/// Tag, length, content. Source: X.690 8.1.3.
std::string der(char tag, std::string_view content) {
    std::string length;
    if (content.size() < 0x80) {
        length = static_cast<char>(content.size());
    } else {
        for (std::size_t rest = content.size(); rest != 0; rest >>= 8U) {
            length.insert(length.begin(), static_cast<char>(rest & 0xffU));
        }
        length.insert(length.begin(), static_cast<char>(0x80U | length.size()));
    }
    return tag + length + std::string(content);
}

/// A number that is not negative, of big-endian bytes.
std::string der_integer(std::string_view bytes) {
    const std::size_t first = std::min(bytes.find_first_not_of('\0'), bytes.size());
    std::string number(bytes.substr(first));
    if (number.empty() || (static_cast<unsigned char>(number.front()) & 0x80U) != 0) {
        number.insert(number.begin(), '\0');
    }
    return der('\x02', number);
}

/// Source: RFC 3279 2.3.1.
std::string to_pem(std::string_view modulus, std::string_view exponent) {
    constexpr std::string_view rsa_encryption(
        "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15
    );
    const std::string numbers = der('\x30', der_integer(modulus) + der_integer(exponent));
    const std::string bits = der('\x03', std::string(1, '\0') + numbers);
    const std::string info = der('\x30', std::string(rsa_encryption) + bits);
    const std::string base64 =
        to_base64({reinterpret_cast<const std::uint8_t*>(info.data()), info.size()});
    constexpr std::size_t width = 64;
    std::string pem = "-----BEGIN PUBLIC KEY-----\n";
    for (std::size_t i = 0; i < base64.size(); i += width) {
        pem += base64.substr(i, width) + "\n";
    }
    return pem + "-----END PUBLIC KEY-----\n";
}

std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The alphabet of URLs, without padding.
std::optional<std::string> from_base64url(std::string text) {
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    while (text.size() % 4 != 0) {
        text += '=';
    }
    return from_base64(text);
}

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, "key set: " + std::move(message)};
}

Result<SetKey> parse_key(const Json& object) {
    SetKey key;
    key.id = text_of(object, "kid");
    const auto is_odd = [](char c) {
        return c == '/' || static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    };
    if (key.id.empty() || key.id.starts_with('.') || key.id.size() > 200 ||
        std::any_of(key.id.begin(), key.id.end(), is_odd)) {
        return invalid(fmt::format("'{}' cannot be the name of a key", printable(key.id)));
    }
    const auto modulus = from_base64url(text_of(object, "n"));
    const auto exponent = from_base64url(text_of(object, "e"));
    if (!modulus || modulus->empty() || !exponent || exponent->empty()) {
        return invalid(fmt::format("the key '{}' has no modulus or exponent", key.id));
    }
    key.pem = to_pem(*modulus, *exponent);
    auto judged = apk::PublicKey::parse(key.pem);
    if (!judged) {
        return std::move(judged).error().context(fmt::format("key set: the key '{}'", key.id));
    }
    return key;
}

}  // namespace

Result<std::vector<SetKey>> parse_key_set(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array()) {
        return invalid("not a JSON object with a list of keys");
    }
    std::vector<SetKey> keys;
    for (const Json& object : json["keys"]) {
        if (object.is_object() && text_of(object, "kty") == "RSA") {
            QUERN_TRY(SetKey key, parse_key(object));
            keys.push_back(std::move(key));
        }
    }
    return keys;
}

}  // namespace quern::repository
