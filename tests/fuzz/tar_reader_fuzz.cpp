// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"
#include "archive/tar_writer.hpp"
#include "tar_checksums.hpp"

#include <string>

namespace quern::archive {
namespace {

/// Reads everything; what was read and can be written must be read back the same.
Result<void> read_everything(ByteSource& source) {
    TarReader reader(source, {.entries = 1000, .total_bytes = 1U << 24U});
    for (;;) {
        QUERN_TRY(const std::optional<TarEntry> entry, reader.next());
        if (!entry) {
            return {};
        }
        QUERN_TRY(const std::string content, reader.read_all(1U << 20U));
        QUERN_ASSERT(content.size() == entry->size);
        StringSink sink;
        TarWriter writer(sink);
        if (!writer.add(*entry, content) || !writer.finish_with_end_blocks()) {
            continue;
        }
        StringSource again_source(sink.text());
        TarReader again(again_source, {.pax_bytes = 1U << 22U});
        const auto second = again.next();
        QUERN_ASSERT(second && second->has_value());
        QUERN_ASSERT((*second)->path == entry->path && (*second)->records == entry->records);
        QUERN_ASSERT((*second)->link_target == entry->link_target);
    }
}

}  // namespace
}  // namespace quern::archive

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const std::string& bytes :
         {std::string(reinterpret_cast<const char*>(data), size),
          with_right_checksums(data, size)}) {
        quern::archive::StringSource source(bytes);
        static_cast<void>(quern::archive::read_everything(source));
    }
    return 0;
}
