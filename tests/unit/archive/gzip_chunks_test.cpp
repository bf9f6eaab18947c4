// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_chunks.hpp"

#include "archive/gzip_reader.hpp"
#include "archive/gzip_writer.hpp"
#include "archive_samples.hpp"

#include <catch2/catch.hpp>

namespace quern::archive {
namespace {

constexpr std::size_t plenty = std::size_t{1} << 30U;

std::string member_of(const std::vector<std::string>& texts) {
    std::string member(MemberFrame::header());
    MemberFrame frame;
    ChunkCompressor compressor(1, 100);
    for (const std::string& text : texts) {
        const GzipChunk chunk = compressor.compress(text);
        member += chunk.bytes;
        frame.count(chunk.crc, chunk.text_size);
    }
    return member + frame.end();
}

TEST_CASE("gzip_chunks: chunks are one member for every reader", "[archive][gzip_chunks]") {
    const std::vector<std::string> texts = {
        "a", "bc", sample_text(200'000, 1), std::string(3000, '\0')};
    const std::string member = member_of(texts);
    std::string whole;
    for (const std::string& text : texts) {
        whole += text;
    }
    const auto inflated = gzip_decompress(member, plenty);
    REQUIRE(inflated);
    CHECK(*inflated == whole);

    const auto read = read_chunks(member, plenty);
    REQUIRE(read);
    CHECK(read->text == whole);
    REQUIRE(read->chunks.size() == texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const ChunkPlace& chunk = read->chunks[i];
        CHECK(read->text.substr(chunk.text_begin, chunk.text_size) == texts[i]);
    }
}

TEST_CASE("gzip_chunks: chunks of one member can stand in another", "[archive][gzip_chunks]") {
    const std::string before = member_of({"head one", sample_text(5000, 1), "tail"});
    const auto read = read_chunks(before, plenty);
    REQUIRE(read);
    std::string member(MemberFrame::header());
    MemberFrame frame;
    ChunkCompressor compressor(1, 100);
    const GzipChunk head = compressor.compress("head two");
    member += head.bytes;
    frame.count(head.crc, head.text_size);
    for (std::size_t i : {1U, 2U}) {
        member += read->chunks[i].bytes;
        frame.count(read->chunks[i].crc, read->chunks[i].text_size);
    }
    member += frame.end();
    CHECK(member == member_of({"head two", sample_text(5000, 1), "tail"}));
}

TEST_CASE("gzip_chunks: what is damaged is not taken apart", "[archive][gzip_chunks]") {
    const std::string member = member_of({"some text", "and more of it"});
    REQUIRE(read_chunks(member, plenty));
    for (std::size_t i = 0; i < member.size(); ++i) {
        CAPTURE(i);
        CHECK_FALSE(read_chunks(std::string_view(member).substr(0, i), plenty));
        std::string changed = member;
        changed[i] = static_cast<char>(changed[i] ^ 0x10);
        // Bits that fill up a byte say nothing.
        const auto read = read_chunks(changed, plenty);
        CHECK((!read || read->text == "some textand more of it"));
    }
    CHECK_FALSE(read_chunks(member + '\0', plenty));
    CHECK_FALSE(read_chunks(member + member, plenty));
    CHECK(read_chunks(member, 23));
    CHECK_FALSE(read_chunks(member, 22));
}

TEST_CASE("gzip_chunks: a length that cannot be takes no memory", "[archive][gzip_chunks]") {
    std::string member = member_of({"x"});
    member.replace(member.size() - 4, 4, "\xff\xff\xff\x3f");
    CHECK_FALSE(read_chunks(member, plenty));
}

TEST_CASE("gzip_chunks: members of the writer are made of chunks", "[archive][gzip_chunks]") {
    const std::string text = sample_text((std::size_t{1} << 20U) + 10, 3);
    const auto member = gzip_compress(text);
    REQUIRE(member);
    const auto read = read_chunks(*member, plenty);
    REQUIRE(read);
    CHECK(read->chunks.size() == 2);
    CHECK(read->text == text);
}

}  // namespace
}  // namespace quern::archive
