// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/envelope.hpp"

#include "package/bounded_json.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace quern::package {
namespace {

using Json = nlohmann::ordered_json;

/// Nobody needs more, and each costs a look at the keyring.
constexpr std::size_t most_signatures = 16;

Error invalid(std::string_view what) {
    return {ErrorCode::invalid_data, fmt::format("the envelope {}", what)};
}

const std::string* text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

/// Both alphabets may be read. Source: protocol.md, "Base64".
std::optional<std::string> decoded(std::string text) {
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    return from_base64(text);
}

std::string encoded(std::string_view bytes) {
    return to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

/// What is signed: the lengths keep type and payload apart. Source: protocol.md, "PAE".
apk::SignedDigests signed_digests(const Envelope& envelope) {
    apk::SignedDigests digests;
    digests.update(fmt::format(
        "DSSEv1 {} {} {} ",
        envelope.payload_type.size(),
        envelope.payload_type,
        envelope.payload.size()
    ));
    digests.update(envelope.payload);
    return digests;
}

Result<apk::Signature> signature_of(const Json& json) {
    const std::string* bytes = json.is_object() ? text_of(json, "sig") : nullptr;
    const auto signature = bytes == nullptr ? std::nullopt : decoded(*bytes);
    if (!signature) {
        return invalid("has a signature that is none");
    }
    // The id is a hint and may be missing: then no key of that name is found.
    const std::string* key = text_of(json, "keyid");
    return apk::Signature{
        apk::SignatureKind::rsa256, key == nullptr ? std::string() : *key, *signature};
}

}  // namespace

Result<Envelope> Envelope::parse(std::string_view json) {
    QUERN_TRY(const Json object, parse_bounded_json(json, "the envelope"));
    if (!object.is_object()) {
        return invalid("is no object");
    }
    const std::string* type = text_of(object, "payloadType");
    const std::string* payload = text_of(object, "payload");
    const auto bytes = payload == nullptr ? std::nullopt : decoded(*payload);
    const auto list = object.find("signatures");
    if (type == nullptr || !bytes || list == object.end() || !list->is_array()) {
        return invalid("lacks payloadType, payload in base64 or signatures");
    }
    if (list->size() > most_signatures) {
        return invalid(fmt::format("has more than {} signatures", most_signatures));
    }
    Envelope envelope = {*type, *bytes, {}};
    for (const Json& each : *list) {
        QUERN_TRY(apk::Signature signature, signature_of(each));
        envelope.signatures.push_back(std::move(signature));
    }
    return envelope;
}

std::string Envelope::to_string() const {
    Json list = Json::array();
    for (const apk::Signature& signature : signatures) {
        list.push_back({{"keyid", signature.key_name}, {"sig", encoded(signature.bytes)}});
    }
    const Json json = {
        {"payload", encoded(payload)},
        {"payloadType", payload_type},
        {"signatures", std::move(list)},
    };
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<void> Envelope::sign(const apk::Signer& key) {
    QUERN_TRY(apk::Signature signature, key.sign(signed_digests(*this)));
    signatures.push_back(std::move(signature));
    return {};
}

Result<std::string> Envelope::verify(const apk::Keyring& keyring) const {
    return keyring.verify(signatures, signed_digests(*this));
}

}  // namespace quern::package
