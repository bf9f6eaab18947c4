// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_deflate.hpp"

#include "archive/gzip_writer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace quern;
using namespace quern::archive;

namespace {

std::string deflate(const std::string& text) {
    const auto member = gzip_compress(text);
    REQUIRE(member);
    return member->substr(10, member->size() - 18);
}

/// Gives a byte at a time.
class SlowSource final : public ByteSource {
 public:
    explicit SlowSource(std::string_view bytes) : source_(bytes) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        return source_.read(buffer.first(1));
    }

 private:
    StringSource source_;
};

Result<std::string> inflate(ByteSource& source, const GzipLimits& limits = {}) {
    DeflateReader reader(source, limits);
    std::string text;
    std::vector<char> buffer(777);
    while (true) {
        QUERN_TRY(const std::size_t count, reader.read(buffer));
        if (count == 0) {
            return text;
        }
        text.append(buffer.data(), count);
    }
}

std::string problem_of(const std::string& bytes, const GzipLimits& limits = {}) {
    StringSource source(bytes);
    const auto text = inflate(source, limits);
    return text ? "" : text.error().message();
}

std::string sample() {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) {
        text += std::to_string(i) + " ";
    }
    return text;
}

}  // namespace

TEST_CASE("deflate: what was packed comes out", "[archive][gzip_deflate]") {
    const std::string text = GENERATE(std::string(), std::string("x"), sample());
    const std::string packed = deflate(text);
    StringSource source(packed);
    const auto whole = inflate(source);
    REQUIRE(whole);
    CHECK(*whole == text);
    SlowSource slow(packed);
    const auto in_pieces = inflate(slow);
    REQUIRE(in_pieces);
    CHECK(*in_pieces == text);
}

TEST_CASE("deflate: what is no stream, or more than one, is refused", "[archive][gzip_deflate]") {
    const std::string packed = deflate(sample());
    CHECK_THAT(problem_of(packed + "x"), Catch::Contains("behind"));
    CHECK_THAT(problem_of(packed + packed), Catch::Contains("behind"));
    CHECK_THAT(problem_of(""), Catch::Contains("truncated"));
    for (const std::size_t size : {std::size_t{1}, packed.size() / 2, packed.size() - 1}) {
        CHECK_FALSE(problem_of(packed.substr(0, size)).empty());
    }
    CHECK_THAT(problem_of("\xff\xff\xff\xff"), Catch::Contains("not valid"));
}

TEST_CASE("deflate: what comes out is bounded", "[archive][gzip_deflate]") {
    CHECK_THAT(
        problem_of(deflate(sample()), {.output_bytes = 1000}), Catch::Contains("more than 1000")
    );
    const std::string bomb = deflate(std::string(std::size_t{64} << 20U, '\0'));
    CHECK_THAT(problem_of(bomb, {.ratio = 10}), Catch::Contains("10 times"));
}
