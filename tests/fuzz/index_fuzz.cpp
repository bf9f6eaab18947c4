// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "quern/index.hpp"
#include "quern/index_table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

using namespace quern::apk;

namespace {

std::optional<IndexTable> from_bytes(std::string bytes, const IndexLimits& limits) {
    const auto owner = std::make_shared<const std::string>(std::move(bytes));
    return IndexTable::from_bytes(owner, *owner, limits);
}

}  // namespace

/// The bytes as an index file and as the text inside; what was read is printed and read to the same
/// again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const IndexLimits limits{.text_bytes = 1U << 22U};
    static_cast<void>(read_index(bytes, nullptr, limits));
    const auto index = Index::parse(bytes, limits);
    const auto table = IndexTable::parse(std::string(bytes), limits);
    QUERN_ASSERT(table.has_value() == index.has_value());
    static_cast<void>(from_bytes(std::string(bytes), limits));
    if (!index) {
        return 0;
    }
    const std::string text = index->to_string();
    QUERN_ASSERT(table->to_index().to_string() == text);
    std::string written;
    static_cast<void>(table->write([&written](std::string_view piece) -> quern::Result<void> {
        written += piece;
        return {};
    }));
    const auto kept = from_bytes(written, limits);
    QUERN_ASSERT(kept && kept->to_index().to_string() == text);
    const auto again = Index::parse(text);
    QUERN_ASSERT(again.has_value());
    QUERN_ASSERT(again->entries.size() == index->entries.size() && again->to_string() == text);
    for (const IndexEntry& entry : index->entries) {
        QUERN_ASSERT(
            entry.file_name().find('/') == std::string::npos && !entry.file_name().starts_with('.')
        );
    }
    return 0;
}
