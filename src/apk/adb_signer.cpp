// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_signer.hpp"

#include "apk/adb_container.hpp"
#include "support/atomic_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <tuple>
#include <vector>

namespace quern::apk {

namespace {

/// The block that `head` begins, as it is.
Result<void> copy_block(AdbBlocks& blocks, const AdbBlocks::Head& head, archive::ByteSink& sink) {
    QUERN_CHECK(sink.write(adb_block_head(head.type, head.size)));
    std::vector<char> buffer(std::size_t{128} << 10U);
    while (true) {
        QUERN_TRY(const std::size_t count, blocks.read(buffer));
        if (count == 0) {
            return sink.write(adb_block_padding(head.size));
        }
        QUERN_CHECK(sink.write({buffer.data(), count}));
    }
}

}  // namespace

Result<void> sign_adb_file(
    const std::filesystem::path& path,
    int fd,
    std::string_view schema,
    const AdbBounds& bounds,
    const Signer& key
) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0) {
        const int error = errno;
        return Error::system(error, "looking at what is signed");
    }
    const auto file_size = static_cast<std::uint64_t>(status.st_size);
    QUERN_TRY(const auto source, AdbSource::open(fd, file_size, bounds.all_bytes));
    AdbBlocks blocks(*source);
    QUERN_CHECK(blocks.read_schema(schema));
    QUERN_TRY(std::ignore, blocks.next());
    QUERN_TRY(const std::string payload, blocks.read_all(bounds.payload_bytes));
    QUERN_TRY(const std::string signature, sign_adb(schema, payload, key));
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    archive::FdSink out(file.fd());
    AdbSink sink(out, {});
    QUERN_CHECK(sink.write("ADB."));
    QUERN_CHECK(sink.write(schema));
    QUERN_CHECK(sink.write(adb_block(AdbBlock::payload, payload)));
    QUERN_CHECK(sink.write(adb_block(AdbBlock::signature, signature)));
    while (true) {
        QUERN_TRY(const auto head, blocks.next());
        if (!head) {
            break;
        }
        if (head->type == AdbBlock::data) {
            QUERN_CHECK(copy_block(blocks, *head, sink));
        }
    }
    QUERN_CHECK(sink.finish());
    return file.commit();
}

}  // namespace quern::apk
