// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/extract_stream.hpp"

#include "archive/gzip_writer.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>

using namespace quern;
using archive::FdRange;
using archive::InflatedRange;

namespace {

/// Bytes in a file that is held open.
struct Stored {
    explicit Stored(std::string_view bytes)
        : directory(std::move(*TempDir::create(std::filesystem::temp_directory_path(), "stream-"))
          ) {
        const auto path = directory.path() / "bytes";
        REQUIRE(write_file_atomically(path, bytes));
        file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(file);
    }
    TempDir directory;
    UniqueFd file;
};

Result<std::string> inflate(const FdRange& range, const archive::ExtractLimits& limits = {}) {
    QUERN_TRY(const auto stream, InflatedRange::open(range, limits));
    std::string text;
    std::string buffer(10'000, '\0');
    while (true) {
        QUERN_TRY(const std::size_t count, stream->read(buffer));
        if (count == 0) {
            return text;
        }
        text.append(buffer, 0, count);
    }
}

std::string long_text() {
    std::string text;
    for (int i = 0; i < 20'000; ++i) {
        text += std::to_string(i * 7) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("extract_stream: a range of a file is inflated", "[archive][extract_stream]") {
    const std::string packed = *archive::gzip_compress(long_text());
    const Stored stored("before" + packed + "behind, which is no gzip");
    const auto text = inflate({stored.file.get(), 6, packed.size()});
    REQUIRE(text);
    CHECK(*text == long_text());
}

TEST_CASE("extract_stream: what is not compressed comes as it is", "[archive][extract_stream]") {
    const Stored stored("xxplain textxx");
    CHECK(*inflate({stored.file.get(), 2, 10}) == "plain text");
    CHECK(inflate({stored.file.get(), 2, 0})->empty());
}

TEST_CASE("extract_stream: damaged streams are errors", "[archive][extract_stream]") {
    const std::string packed = *archive::gzip_compress(long_text());
    std::string changed = packed;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 0x55);
    const auto bytes = GENERATE_COPY(packed.substr(0, packed.size() / 2), changed);
    const Stored stored(bytes);
    const auto text = inflate({stored.file.get(), 0, bytes.size()});
    // libarchive checks no crc of gzip: damage that inflates must at least not be the same text.
    CHECK((!text || *text != long_text()));
}

TEST_CASE("extract_stream: limits hold", "[archive][extract_stream]") {
    const std::string packed = *archive::gzip_compress(std::string(std::size_t{80} << 20U, '\0'));
    const Stored stored(packed);
    const FdRange range{stored.file.get(), 0, packed.size()};
    archive::ExtractLimits limits;
    SECTION("bytes") {
        limits.total_bytes = 1000;
    }
    SECTION("ratio") {
        limits.ratio = 100;
    }
    const auto text = inflate(range, limits);
    REQUIRE(!text);
    CHECK(text.error().code() == ErrorCode::limit);
}
