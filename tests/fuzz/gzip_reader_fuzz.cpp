// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_blocks.hpp"
#include "archive/gzip_chunks.hpp"
#include "archive/gzip_reader.hpp"

#include <array>
#include <string>

namespace quern::archive {
namespace {

/// The tap sees the source and nothing else, in order.
Result<void> read_everything(ByteSource& source, std::string_view bytes) {
    GzipReader reader(source, {.output_bytes = 1U << 24U});
    std::string seen;
    reader.set_raw_tap([&seen](std::string_view raw) { seen += raw; });
    std::array<char, 700> buffer;
    for (;;) {
        QUERN_TRY(const bool has_member, reader.next_member());
        if (!has_member) {
            QUERN_ASSERT(seen == bytes);
            return {};
        }
        for (std::size_t count = 1; count != 0;) {
            QUERN_TRY(count, reader.read(buffer));
        }
        QUERN_ASSERT(seen.size() == reader.source_offset());
        QUERN_ASSERT(bytes.starts_with(seen));
    }
}

}  // namespace
}  // namespace quern::archive

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quern::archive;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    StringSource source(bytes);
    static_cast<void>(read_everything(source, bytes));
    static_cast<void>(find_deflate_end({data, size}));
    // What can be taken apart is what any reader finds in it.
    constexpr std::size_t longest = std::size_t{1} << 24U;
    if (const auto chunks = read_chunks(bytes, longest)) {
        const auto whole = gzip_decompress(bytes, longest);
        QUERN_ASSERT(whole.has_value() && *whole == chunks->text);
    }
    return 0;
}
