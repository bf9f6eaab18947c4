// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_writer.hpp"

#include "archive/gzip_reader.hpp"
#include "archive_samples.hpp"
#include "support/digest.hpp"

#include <catch2/catch.hpp>
#include <zlib.h>

namespace quern::archive {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

std::string compressed(std::string_view bytes, const GzipOptions& options = {}) {
    auto result = gzip_compress(bytes, options);
    REQUIRE(result);
    return std::move(*result);
}

std::string inflated(std::string_view bytes) {
    auto result = gzip_decompress(bytes, std::uint64_t{1} << 32U);
    REQUIRE(result);
    return std::move(*result);
}

/// Refuses after a number of bytes.
class FullSink final : public ByteSink {
 public:
    explicit FullSink(std::size_t room) : room_(room) {}
    Result<void> write(std::string_view bytes) override {
        if (bytes.size() > room_) {
            return Error(ErrorCode::io, "no space");
        }
        room_ -= bytes.size();
        return {};
    }

 private:
    std::size_t room_;
};

TEST_CASE("gzip_writer: nothing is a member of its own", "[archive][gzip_writer]") {
    const std::string bytes = compressed("");
    CHECK(bytes == std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0", 20));
    CHECK(inflated(bytes).empty());
}

TEST_CASE("gzip_writer: what goes in comes out", "[archive][gzip_writer]") {
    const auto size = GENERATE(
        as<std::size_t>(),
        1,
        2,
        7,
        100,
        4096,
        70000,
        mebibyte - 1,
        mebibyte,
        mebibyte + 1,
        2 * mebibyte + 12345
    );
    const int level = GENERATE(1, 4, 6, 9);
    CAPTURE(size, level);
    const std::string text = sample_text(size, size);
    CHECK(inflated(compressed(text, {.level = level})) == text);
    const std::string noise = sample_noise(size, size);
    CHECK(inflated(compressed(noise, {.level = level})) == noise);
    const std::string zeros(size, '\0');
    CHECK(inflated(compressed(zeros, {.level = level})) == zeros);
}

TEST_CASE("gzip_writer: ends of every bit length join well", "[archive][gzip_writer]") {
    // A short text behind a whole chunk moves the end of the first one's last block through all
    // bits of a byte.
    for (std::size_t size = 1; size < 300; ++size) {
        const std::string text = sample_text(size, size * 31);
        CAPTURE(size);
        REQUIRE(inflated(compressed(text)) == text);
    }
}

TEST_CASE("gzip_writer: zlib reads one member to its end", "[archive][gzip_writer]") {
    const std::string text = sample_text(2 * mebibyte + 4567, 9);
    std::string bytes = compressed(text);
    std::string output(text.size() + 1, '\0');
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = static_cast<uInt>(output.size());
    const int status = inflate(&stream, Z_FINISH);
    const std::size_t size = stream.total_out;
    CHECK(stream.avail_in == 0);
    inflateEnd(&stream);
    REQUIRE(status == Z_STREAM_END);
    CHECK((output.substr(0, size) == text));
}

TEST_CASE("gzip_writer: the number of threads does not change bytes", "[archive][gzip_writer]") {
    const std::string text = sample_text(3 * mebibyte + 777, 1) + sample_noise(2 * mebibyte, 2);
    const std::string expected = compressed(text);
    for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
        CAPTURE(threads);
        ThreadPool pool(threads);
        CHECK(compressed(text, {.pool = &pool}) == expected);
    }
}

TEST_CASE("gzip_writer: the sizes of writes do not change bytes", "[archive][gzip_writer]") {
    const std::string text = sample_text(2 * mebibyte + 5000, 3);
    const std::string expected = compressed(text);
    SampleNumbers numbers(4);
    ThreadPool pool(2);
    for (int round = 0; round < 3; ++round) {
        StringSink sink;
        GzipWriter writer(sink, {.pool = &pool});
        for (std::string_view rest = text; !rest.empty();) {
            const std::size_t count = std::min<std::size_t>(rest.size(), numbers.below(300000));
            REQUIRE(writer.write(rest.substr(0, count)));
            rest.remove_prefix(count);
        }
        REQUIRE(writer.finish());
        CHECK(sink.text() == expected);
    }
}

TEST_CASE("gzip_writer: a task of the pool may write through it", "[archive][gzip_writer]") {
    const std::string text = sample_text(2 * mebibyte, 5);
    const std::string expected = compressed(text);
    ThreadPool pool(2);
    const auto result = pool.for_each_index(6, [&](std::size_t) -> Result<void> {
        QUERN_TRY(const std::string bytes, gzip_compress(text, {.pool = &pool}));
        return bytes == expected ? Result<void>() : Error(ErrorCode::io, "other bytes");
    });
    CHECK(result);
}

TEST_CASE("gzip_writer: the bytes are those of the format", "[archive][gzip_writer]") {
    // Published packages depend on them: a change here is a change of format, to be made knowingly.
    const std::string bytes = compressed(sample_text(3 * mebibyte, 6), {.level = 6});
    CHECK(
        digest_of(DigestKind::sha256, bytes).hex() ==
        "21c4e97cf442a589811a2b8391aa3cad3553a44424e38769b52cb3e4aeb48a4b"
    );
}

TEST_CASE("gzip_writer: an error of the sink is given back", "[archive][gzip_writer]") {
    const std::string noise = sample_noise(8 * mebibyte, 7);
    ThreadPool pool(2);
    FullSink sink(2 * mebibyte);
    GzipWriter writer(sink, {.pool = &pool});
    auto result = writer.write(noise);
    if (result) {
        result = writer.finish();
    }
    REQUIRE(!result);
    CHECK(result.error().message() == "no space");
}

TEST_CASE("gzip_writer: one that is dropped half way leaves nothing", "[archive][gzip_writer]") {
    ThreadPool pool(2);
    StringSink sink;
    {
        GzipWriter writer(sink, {.pool = &pool});
        REQUIRE(writer.write(sample_text(5 * mebibyte, 8)));
    }
    CHECK(sink.text().size() < 5 * mebibyte);
}

}  // namespace
}  // namespace quern::archive
