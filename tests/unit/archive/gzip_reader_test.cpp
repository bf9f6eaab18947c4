// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_reader.hpp"

#include "archive/gzip_writer.hpp"
#include "archive_samples.hpp"

#include <catch2/catch.hpp>

#include <tuple>

namespace quern::archive {
namespace {

std::string compressed(std::string_view bytes) {
    auto result = gzip_compress(bytes);
    REQUIRE(result);
    return std::move(*result);
}

/// Content and compressed bytes of each member.
struct Member {
    std::string content;
    std::string raw;
    std::uint64_t end = 0;
};

Result<std::vector<Member>> read_members(ByteSource& source, std::size_t piece) {
    GzipReader reader(source);
    std::vector<Member> members;
    reader.set_raw_tap([&members](std::string_view bytes) { members.back().raw += bytes; });
    std::string buffer(piece, '\0');
    for (;;) {
        members.emplace_back();
        QUERN_TRY(const bool has_member, reader.next_member());
        if (!has_member) {
            members.pop_back();
            return members;
        }
        for (;;) {
            QUERN_TRY(const std::size_t count, reader.read(buffer));
            if (count == 0) {
                break;
            }
            members.back().content.append(buffer, 0, count);
        }
        members.back().end = reader.source_offset();
    }
}

TEST_CASE("gzip_reader: members are kept apart exactly", "[archive][gzip_reader]") {
    const auto source_piece = GENERATE(as<std::size_t>(), 1, 2, 7, 8, 9, 15, 16, 17, 4096, 1 << 20);
    const auto read_piece = GENERATE(as<std::size_t>(), 100, 512, 1 << 20);
    const std::size_t size = source_piece < 100 ? 20'000 : 300'000;  // under and over the buffers
    const std::vector<std::string> contents{
        "signature", "", sample_text(size, 1), sample_noise(size, 2), "x"};
    std::string bytes;
    std::vector<std::string> raw;
    for (const std::string& content : contents) {
        raw.push_back(compressed(content));
        bytes += raw.back();
    }
    CAPTURE(source_piece, read_piece);
    SlowSource source(bytes, source_piece);
    const auto members = read_members(source, read_piece);
    REQUIRE(members);
    REQUIRE(members->size() == contents.size());
    std::uint64_t end = 0;
    for (std::size_t index = 0; index < contents.size(); ++index) {
        CAPTURE(index);
        end += raw[index].size();
        CHECK(((*members)[index].content == contents[index]));
        CHECK(((*members)[index].raw == raw[index]));
        CHECK((*members)[index].end == end);
    }
}

TEST_CASE("gzip_reader: every truncation is an error", "[archive][gzip_reader]") {
    const std::string bytes = compressed(sample_text(2000, 3));
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        CAPTURE(size);
        const auto result = gzip_decompress(std::string_view(bytes).substr(0, size), 1U << 20U);
        REQUIRE(!result);
        REQUIRE(result.error().code() == ErrorCode::invalid_data);
    }
}

TEST_CASE("gzip_reader: every flipped byte that matters is an error", "[archive][gzip_reader]") {
    const std::string text = sample_text(1500, 4);
    const std::string bytes = compressed(text);
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        std::string spoiled = bytes;
        spoiled[place] = static_cast<char>(spoiled[place] ^ 0x10);
        const auto result = gzip_decompress(spoiled, 1U << 20U);
        CAPTURE(place);
        // Time, extra flags and system in the header are not covered; padding bits of the empty
        // block neither.
        CHECK((!result || *result == text));
        CHECK((place < 4 || place >= 10 || result));
        CHECK((place < bytes.size() - 8 || !result));
    }
}

TEST_CASE("gzip_reader: bytes behind the last member are refused", "[archive][gzip_reader]") {
    const auto rest = GENERATE(as<std::string>(), std::string(512, '\0'), "garbage", "\x1f");
    const auto result = gzip_decompress(compressed("text") + rest, 1000);
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
}

TEST_CASE("gzip_reader: header fields are stepped over", "[archive][gzip_reader]") {
    const std::string plain = compressed("content");
    using namespace std::string_literals;
    const auto [flags, fields] = GENERATE(table<char, std::string>({
        {'\x00', ""s},
        {'\x01', ""s},
        {'\x02', "\x12\x34"s},
        {'\x04',
         "\x03\x00"s
         "abc"s},
        {'\x08', "name\0"s},
        {'\x10', "a comment\0"s},
        {'\x1e',
         "\x00\x00"s
         "name\0comment\0"s
         "\x12\x34"s},
    }));
    std::string bytes = plain;
    bytes[3] = flags;
    bytes.insert(10, fields);
    const auto result = gzip_decompress(bytes, 1000);
    REQUIRE(result);
    CHECK(*result == "content");
    bytes[3] = static_cast<char>(flags | 0x20);
    CHECK(!gzip_decompress(bytes, 1000));
}

TEST_CASE("gzip_reader: a member over its bound is refused", "[archive][gzip_reader]") {
    const std::string bytes = compressed(std::string(5000, 'a'));
    CHECK(gzip_decompress(bytes, 5000));
    const auto result = gzip_decompress(bytes, 4999);
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::limit);
    const auto twice = gzip_decompress(bytes + bytes, 9999);
    REQUIRE(!twice);
    CHECK(twice.error().code() == ErrorCode::limit);
}

TEST_CASE("gzip_reader: a ratio over its bound is refused", "[archive][gzip_reader]") {
    const std::string bytes = compressed(std::string(std::size_t{40} << 20U, '\0'));
    StringSource source(bytes);
    GzipReader reader(source, {.ratio = 500});
    REQUIRE(reader.next_member());
    const auto result = reader.skip_rest();
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::limit);
    CHECK(gzip_decompress(bytes, std::uint64_t{1} << 30U));
}

TEST_CASE("gzip_reader: the rest of a member can be skipped", "[archive][gzip_reader]") {
    const std::string bytes = compressed(sample_text(500'000, 5)) + compressed("second");
    StringSource source(bytes);
    GzipReader reader(source);
    REQUIRE(reader.next_member());
    std::string buffer(10, '\0');
    REQUIRE(reader.read(buffer));
    REQUIRE(reader.skip_rest());
    REQUIRE(reader.next_member());
    const auto count = reader.read(buffer);
    REQUIRE(count);
    CHECK(buffer.substr(0, *count) == "second");
    REQUIRE(reader.skip_rest());
    const auto more = reader.next_member();
    REQUIRE(more);
    CHECK(!*more);
    CHECK(reader.source_offset() == bytes.size());
}

}  // namespace
}  // namespace quern::archive
