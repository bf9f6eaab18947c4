// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/envelope.hpp"
#include "package/provenance.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::package;

namespace {

void read_statement(std::string_view json) {
    const auto provenance = Provenance::parse(json);
    if (!provenance) {
        return;
    }
    const std::string text = provenance->to_json();
    const auto again = Provenance::parse(text);
    QUERN_ASSERT(again.has_value() && again->to_json() == text);
    static_cast<void>(to_text(*provenance));
}

}  // namespace

/// What was read is printed and read to the same again, of the envelope and of the statement in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_statement(text);
    const auto envelope = Envelope::parse(text);
    if (envelope) {
        const auto again = Envelope::parse(envelope->to_string());
        QUERN_ASSERT(again.has_value() && again->to_string() == envelope->to_string());
        static_cast<void>(envelope->verify({}));
        read_statement(envelope->payload);
    }
    return 0;
}
