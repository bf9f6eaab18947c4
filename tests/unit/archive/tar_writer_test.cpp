// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_writer.hpp"

#include "archive_samples.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace quern::archive {
namespace {

std::string written(const TarEntry& entry, std::string_view content = {}) {
    StringSink sink;
    TarWriter writer(sink);
    REQUIRE(writer.add(entry, content));
    REQUIRE(writer.finish_without_end_blocks());
    return sink.take();
}

TEST_CASE("tar_writer: a short file is one ustar header and its content", "[archive][tar_writer]") {
    TarEntry entry = file_entry("usr/bin/hello", 5);
    entry.mode = 0755;
    entry.uid = 10;
    entry.gid = 2097151;
    entry.user_name = "root";
    entry.group_name = "wheel";
    entry.mtime = 1'700'000'000;
    const std::string bytes = written(entry, "hello");
    REQUIRE(bytes.size() == 1024);
    using namespace std::string_view_literals;
    const std::string_view view = bytes;
    CHECK(view.substr(0, 14) == "usr/bin/hello\0"sv);
    CHECK(
        view.substr(100, 24) ==
        "0000755\0"
        "0000012\0"
        "7777777\0"sv
    );
    CHECK(
        view.substr(124, 24) ==
        "00000000005\0"
        "14524770400\0"sv
    );
    CHECK(view.substr(156, 2) == "0\0"sv);
    CHECK(
        view.substr(257, 8) ==
        "ustar\0"
        "00"sv
    );
    CHECK(view.substr(265, 5) == "root\0"sv);
    CHECK(view.substr(297, 6) == "wheel\0"sv);
    CHECK(
        view.substr(329, 16) ==
        "0000000\0"
        "0000000\0"sv
    );
    CHECK(view.substr(512, 6) == "hello\0"sv);
    std::uint32_t sum = 0;
    for (std::size_t place = 0; place < 512; ++place) {
        const bool is_checksum = place >= 148 && place < 156;
        sum += static_cast<unsigned char>(is_checksum ? ' ' : bytes[place]);
    }
    CHECK(std::stoul(bytes.substr(148, 6), nullptr, 8) == sum);
    CHECK(view.substr(154, 2) == "\0 "sv);
}

TEST_CASE("tar_writer: a directory is written without a slash", "[archive][tar_writer]") {
    TarEntry entry = file_entry("usr/bin", 0);
    entry.type = TarType::directory;
    const std::string bytes = written(entry);
    CHECK(std::string_view(bytes).substr(0, 8) == std::string_view("usr/bin\0", 8));
    CHECK(bytes[156] == '5');
    CHECK(bytes.size() == 512);
}

TEST_CASE("tar_writer: paths use the prefix, then a record", "[archive][tar_writer]") {
    const std::string part50(50, 'p');
    const std::string part100(100, 'n');
    const auto [path, size] = GENERATE_COPY(table<std::string, std::size_t>({
        {part100, 512},
        {part100 + "x", 1536},          // no slash
        {part50 + "/" + part100, 512},  // both fields
        {part50 + "/" + part50 + "/" + part50 + "/" + part100, 512},
        {std::string(155, 'd') + "/" + part100, 512},  // both fields full
        {std::string(156, 'd') + "/" + part100, 1536},
        {part50 + "/" + part100 + "x", 1536},
    }));
    CAPTURE(path);
    const std::string bytes = written(file_entry(path, 0));
    CHECK(bytes.size() == size);
    const auto entries = read_tar(bytes);
    REQUIRE(entries);
    REQUIRE(entries->size() == 1);
    CHECK(entries->front().first.path == path);
}

TEST_CASE("tar_writer: the extended header has a name of its own", "[archive][tar_writer]") {
    TarEntry entry = file_entry("usr/lib/name", 0);
    entry.mtime = 8;
    entry.records = {{"APK-TOOLS.checksum.SHA1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"}};
    const std::string bytes = written(entry);
    REQUIRE(bytes.size() == 1536);
    using namespace std::string_view_literals;
    const std::string_view view = bytes;
    CHECK(view.substr(0, 16) == "PaxHeaders/name\0"sv);
    CHECK(
        view.substr(100, 24) ==
        "0000644\0"
        "0000000\0"
        "0000000\0"sv
    );
    CHECK(view.substr(136, 12) == "00000000010\0"sv);
    CHECK(view[156] == 'x');
    CHECK(
        view.substr(512, 69) ==
        "68 APK-TOOLS.checksum.SHA1=da39a3ee5e6b4b0d3255bfef95601890afd80709\n\0"sv
    );
}

TEST_CASE("tar_writer: the length of a record counts itself", "[archive][tar_writer]") {
    // Around 10, 100 and 1000 bytes the length has a digit more than one may think.
    for (std::size_t size = 0; size < 1100; ++size) {
        TarEntry entry = file_entry("f", 0);
        entry.records = {{"k", std::string(size, 'v')}};
        const auto entries = read_tar(written(entry));
        CAPTURE(size);
        REQUIRE(entries);
        REQUIRE(entries->front().first.records == entry.records);
    }
}

TEST_CASE("tar_writer: what is not to be written is an error", "[archive][tar_writer]") {
    TarEntry entry = file_entry("name", 0);
    ErrorCode expected = ErrorCode::limit;
    SECTION("a user id") {
        entry.uid = 2097152;
    }
    SECTION("a group id") {
        entry.gid = 2097152;
    }
    SECTION("a size") {
        entry.size = std::uint64_t{1} << 33U;
    }
    SECTION("a time before 1970") {
        entry.mtime = -1;
    }
    SECTION("a time after 2242") {
        entry.mtime = std::int64_t{1} << 33U;
    }
    SECTION("a user name") {
        entry.user_name = std::string(32, 'u');
    }
    SECTION("a device number") {
        entry.type = TarType::block_device;
        entry.device_major = 2097152;
    }
    SECTION("no path") {
        entry.path.clear();
        expected = ErrorCode::invalid_data;
    }
    SECTION("a NUL in the path") {
        entry.path.push_back('\0');
        expected = ErrorCode::invalid_data;
    }
    SECTION("content of a link") {
        entry.type = TarType::hard_link;
        entry.size = 1;
        expected = ErrorCode::invalid_data;
    }
    SECTION("a record with '=' in its name") {
        entry.records = {{"a=b", "c"}};
        expected = ErrorCode::invalid_data;
    }
    StringSink sink;
    TarWriter writer(sink);
    const auto result = writer.add(entry);
    REQUIRE(!result);
    CHECK(result.error().code() == expected);
    CHECK(sink.text().empty());
}

TEST_CASE("tar_writer: content must be as long as it was said", "[archive][tar_writer]") {
    StringSink sink;
    TarWriter writer(sink);
    REQUIRE(writer.add(file_entry("f", 10)));
    REQUIRE(writer.write_content("12345"));
    CHECK(!writer.finish_without_end_blocks());
    CHECK(!writer.finish_with_end_blocks());
    CHECK(!writer.add(file_entry("g", 0)));
    CHECK(!writer.write_content("123456"));
    REQUIRE(writer.write_content("67890"));
    CHECK(!writer.write_content("x"));
    REQUIRE(writer.add(file_entry("g", 0)));
    REQUIRE(writer.finish_with_end_blocks());
    CHECK(sink.text().size() == 512 + 512 + 512 + 1024);
}

TEST_CASE("tar_writer: what is written is read back", "[archive][tar_writer]") {
    SampleNumbers numbers(GENERATE(range(1U, 60U)));
    const TarForm form = GENERATE(TarForm::package, TarForm::layer);
    StringSink sink;
    TarWriter writer(sink, form);
    std::vector<std::pair<TarEntry, std::string>> expected;
    for (std::size_t count = numbers.below(20); count != 0; --count) {
        TarEntry entry;
        entry.type = static_cast<TarType>(numbers.below(7));
        entry.path = sample_noise(1 + numbers.below(300), numbers.next());
        for (char& byte : entry.path) {
            byte = byte == '\0' || byte == '/' ? 'x' : numbers.below(12) == 0 ? '/' : byte;
        }
        entry.path.front() = entry.path.back() = 'e';
        entry.mode = static_cast<std::uint32_t>(numbers.below(010000));
        entry.uid = static_cast<std::uint32_t>(numbers.below(2097152));
        entry.gid = static_cast<std::uint32_t>(numbers.below(2097152));
        entry.mtime = static_cast<std::int64_t>(numbers.below(std::uint64_t{1} << 33U));
        entry.user_name = std::string(numbers.below(32), 'u');
        entry.group_name = std::string(numbers.below(32), 'g');
        entry.device_major = static_cast<std::uint32_t>(numbers.below(4096));
        entry.device_minor = static_cast<std::uint32_t>(numbers.below(4096));
        std::string content;
        if (entry.type == TarType::file) {
            content = sample_noise(numbers.below(3000), numbers.next());
            entry.size = content.size();
        } else if (entry.type == TarType::symlink || entry.type == TarType::hard_link) {
            entry.link_target = std::string(1 + numbers.below(250), 't');
        }
        for (std::size_t records = numbers.below(3); records != 0; --records) {
            const std::string key = "SCHILY.xattr.user." + std::to_string(records);
            entry.records.emplace_back(key, sample_noise(numbers.below(200), numbers.next()));
        }
        REQUIRE(writer.add(entry, content));
        if (form == TarForm::layer) {
            std::sort(entry.records.begin(), entry.records.end());
        }
        expected.emplace_back(std::move(entry), std::move(content));
    }
    const bool has_end = numbers.below(2) == 0;
    REQUIRE((has_end ? writer.finish_with_end_blocks() : writer.finish_without_end_blocks()));
    const auto entries = read_tar(sink.text());
    REQUIRE(entries);
    REQUIRE(entries->size() == expected.size());
    for (std::size_t index = 0; index < expected.size(); ++index) {
        const auto& [entry, content] = (*entries)[index];
        const TarEntry& wanted = expected[index].first;
        CAPTURE(index);
        CHECK((content == expected[index].second));
        CHECK((entry.path == wanted.path && entry.link_target == wanted.link_target));
        CHECK((entry.type == wanted.type && entry.mode == wanted.mode));
        CHECK((entry.uid == wanted.uid && entry.gid == wanted.gid));
        CHECK((entry.user_name == wanted.user_name && entry.group_name == wanted.group_name));
        CHECK((entry.size == wanted.size && entry.mtime == wanted.mtime));
        CHECK(entry.device_major == wanted.device_major);
        CHECK(entry.device_minor == wanted.device_minor);
        CHECK((entry.records == wanted.records));
    }
}

}  // namespace
}  // namespace quern::archive
