// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_container.hpp"
#include "apk/adb_writer.hpp"
#include "archive/gzip_writer.hpp"
#include "support/digest.hpp"
#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;

namespace {

std::string raw_sha256(std::string_view text) {
    const Digest digest = digest_of(DigestKind::sha256, text);
    return {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()};
}

/// A payload put together by hand. `paths` and the rest are values of `writer`.
std::string package_with(AdbWriter& writer, AdbWriter::Value paths) {
    const AdbWriter::Value info = writer.object(
        {writer.blob("demo"),
         writer.blob("1-r0"),
         AdbWriter::null,
         writer.blob(std::string(300, 'd')),
         writer.blob("x86_64")}
    );
    return writer.finish(writer.object({info, paths}));
}

AdbWriter::Value directory_with(
    AdbWriter& writer, const std::string& path, const std::vector<AdbWriter::Value>& files
) {
    const AdbWriter::Value owner =
        writer.object({writer.number(0755), writer.blob("root"), writer.blob("root")});
    return writer.object({writer.blob(path), owner, writer.array(files)});
}

AdbWriter::Value file_with(
    AdbWriter& writer,
    const std::string& name,
    const std::string& content,
    const std::string& target = {}
) {
    const AdbWriter::Value owner =
        writer.object({writer.number(0644), writer.blob("root"), writer.blob("root")});
    return writer.object(
        {writer.blob(name),
         owner,
         writer.number(content.size()),
         AdbWriter::null,
         writer.blob(raw_sha256(content)),
         writer.blob(target)}
    );
}

std::string container(const std::string& payload, const std::string& blocks = {}) {
    return "ADB.pckg" + adb_block(AdbBlock::payload, payload) + blocks;
}

std::string content_block(std::uint32_t directory, std::uint32_t file, const std::string& content) {
    return adb_block(
        AdbBlock::data, little_endian(directory, 4) + little_endian(file, 4) + content
    );
}

/// One directory `usr` with one file.
std::string with_file(const std::string& name, const std::string& blocks) {
    AdbWriter writer;
    const auto usr = directory_with(writer, "usr", {file_with(writer, name, "hello")});
    return container(package_with(writer, writer.array({usr})), blocks);
}

std::string problem_of(const std::string& bytes, const PackageLimits& limits = {}) {
    const auto verified = verify_bytes(bytes, limits);
    return verified ? "" : verified.error().message();
}

}  // namespace

TEST_CASE("package v3: every compression is read", "[apk][package_v3]") {
    const std::string package = with_file("f", content_block(1, 1, "hello"));
    REQUIRE(problem_of(package).empty());
    const auto member = archive::gzip_compress(package);
    REQUIRE(member);
    const std::string deflate = member->substr(10, member->size() - 18);
    CHECK(problem_of("ADBd" + deflate).empty());
    CHECK(problem_of(std::string("ADBc\x01\x06", 6) + deflate).empty());
    CHECK(problem_of(std::string("ADBc\x00\x00", 6) + package).empty());
    // A frame of zstd with one raw block. Source: RFC 8878 3.1.1.
    REQUIRE(package.size() >= 256);
    const std::string zstd = "\x28\xb5\x2f\xfd\x60" + little_endian(package.size() - 256, 2) +
                             little_endian(package.size() << 3U | 1U, 3) + package;
    CHECK(problem_of(std::string("ADBc\x02\x09", 6) + zstd).empty());
    CHECK_THAT(problem_of(std::string("ADBc\x07\x00", 6) + package), Catch::Contains("not known"));
    CHECK_THAT(problem_of("ADBd" + deflate + "x"), Catch::Contains("behind"));
    CHECK_FALSE(problem_of("ADBd" + deflate.substr(0, deflate.size() - 3)).empty());
}

TEST_CASE("package v3: content that is not in its place is refused", "[apk][package_v3]") {
    const auto [blocks, message] = GENERATE(table<std::string, std::string>({
        {"", "does not stand where it should"},
        {content_block(1, 2, "hello"), "does not stand where it should"},
        {content_block(2, 1, "hello"), "does not stand where it should"},
        {content_block(1, 1, "hell"), "does not stand where it should"},
        {content_block(1, 1, "hallo"), "is not what its SHA-256 says"},
        {content_block(1, 1, "hello") + content_block(1, 1, "hello"), "belongs to no file"},
        {content_block(1, 1, "hello") + adb_block(AdbBlock::signature, "x"), "order"},
        {content_block(1, 1, "hello").substr(0, 20), "truncated"},
        {content_block(1, 1, "hello") + "x", "truncated"},
        {little_endian(0xffffffffU, 4) + little_endian(0, 12), "no known kind"},
        {little_endian(0x80000003U, 4), "no known kind"},
        {little_endian(0xc0000002U, 4) + little_endian(0, 4) + little_endian(1ULL << 61U, 8),
         "no known kind"},
    }));
    CAPTURE(blocks, message);
    CHECK_THAT(problem_of(with_file("f", blocks)), Catch::Contains(message));
}

TEST_CASE("package v3: names and orders that are none are refused", "[apk][package_v3]") {
    const std::string hello = content_block(1, 1, "hello");
    CHECK_THAT(problem_of(with_file("", hello)), Catch::Contains("a name that is none"));
    CHECK_THAT(problem_of(with_file("../f", hello)), Catch::Contains("a name that is none"));
    CHECK_THAT(problem_of(with_file("..", hello)), Catch::Contains("not a path below the root"));
    CHECK_THAT(problem_of(with_file("a\nb", hello)), Catch::Contains("control character"));
    const auto paths = [](const std::vector<std::string>& names) {
        AdbWriter writer;
        std::vector<AdbWriter::Value> list;
        for (const std::string& name : names) {
            list.push_back(directory_with(writer, name, {}));
        }
        const AdbWriter::Value array = writer.array(list);
        return container(package_with(writer, array));
    };
    CHECK(problem_of(paths({"", "usr", "usr/lib"})).empty());
    CHECK_THAT(problem_of(paths({"usr", "usr"})), Catch::Contains("byte order"));
    CHECK_THAT(problem_of(paths({"usr/lib", "usr"})), Catch::Contains("byte order"));
    CHECK_THAT(problem_of(paths({"", "../up"})), Catch::Contains("not a path below the root"));
    CHECK_THAT(problem_of(paths({"", "/etc"})), Catch::Contains("not a path below the root"));
    CHECK_THAT(
        problem_of(paths({"a", "b"}), {.entries = 1}), Catch::Contains("more than 1 entries")
    );
}

TEST_CASE("package v3: links lead to files before them", "[apk][package_v3]") {
    const auto linked = [](const std::string& target) {
        AdbWriter writer;
        const AdbWriter::Value usr = directory_with(
            writer, "usr", {file_with(writer, "e", ""), file_with(writer, "f", "", target)}
        );
        return container(package_with(writer, writer.array({usr})));
    };
    const std::string hard = little_endian(0100000, 2);
    CHECK(problem_of(linked(hard + "usr/e")).empty());
    CHECK_THAT(problem_of(linked(hard + "usr/f")), Catch::Contains("no file before it"));
    CHECK_THAT(problem_of(linked(hard + "/etc/passwd")), Catch::Contains("no file before it"));
    CHECK_THAT(problem_of(linked(little_endian(0120000, 2))), Catch::Contains("link to nothing"));
    CHECK_THAT(problem_of(linked("\x01")), Catch::Contains("unknown kind"));
    CHECK_THAT(
        problem_of(linked(little_endian(0020000, 2) + "1234")), Catch::Contains("unknown kind")
    );
    CHECK(problem_of(linked(little_endian(0020000, 2) + little_endian(0x103, 8))).empty());
}

TEST_CASE("package v3: values that lead outside are refused", "[apk][package_v3]") {
    AdbWriter writer;
    const auto usr = directory_with(writer, "usr", {file_with(writer, "f", "hello")});
    const std::string payload = package_with(writer, writer.array({usr}));
    const std::string hello = content_block(1, 1, "hello");
    REQUIRE(problem_of(container(payload, hello)).empty());
    // Whatever word is set to whatever value, it is read to an end.
    for (std::size_t at = 0; at + 4 <= payload.size(); ++at) {
        for (const std::uint32_t value : {0xe0ffffffU, 0xd0000008U, 0xffffffffU, 0x8fffffffU, 0U}) {
            std::string broken = payload;
            broken.replace(at, 4, little_endian(value, 4));
            static_cast<void>(problem_of(container(broken, hello)));
        }
    }
    std::string lost = payload;
    lost.replace(4, 4, little_endian(0xe0ffffffU, 4));
    CHECK_THAT(problem_of(container(lost, hello)), Catch::Contains("damaged"));
    CHECK_THAT(
        problem_of("ADB.indx" + adb_block(AdbBlock::payload, payload)), Catch::Contains("'indx'")
    );
    CHECK_FALSE(problem_of("ADB.pckg").empty());
    CHECK_FALSE(problem_of("ADBd").empty());
    CHECK_FALSE(problem_of(container("")).empty());
}

TEST_CASE("package v3: texts and relations that are none are refused", "[apk][package_v3]") {
    const auto with_info = [](std::string_view name, std::string_view relation) {
        AdbWriter writer;
        const AdbWriter::Value depends =
            writer.array({writer.object({writer.blob(relation), writer.blob("1")})});
        std::vector<AdbWriter::Value> fields(15, AdbWriter::null);
        fields[0] = writer.blob(name);
        fields[1] = writer.blob("1-r0");
        fields[14] = depends;
        const AdbWriter::Value info = writer.object(fields);
        return container(writer.finish(writer.object({info})));
    };
    CHECK(problem_of(with_info("demo", "b")).empty());
    CHECK_THAT(problem_of(with_info("demo\ndepend = x", "b")), Catch::Contains("line break"));
    CHECK_FALSE(problem_of(with_info("../demo", "b")).empty());
    AdbWriter writer;
    const AdbWriter::Value info = writer.object({writer.blob("demo"), writer.blob("1-r0")});
    const AdbWriter::Value triggers = writer.array({writer.blob("/a\ndepend = x")});
    const AdbWriter::Value root = writer.object({info, AdbWriter::null, AdbWriter::null, triggers});
    CHECK_THAT(problem_of(container(writer.finish(root))), Catch::Contains("line break"));
    CHECK_THAT(problem_of(with_info("demo", "b c")), Catch::Contains("no relation"));
    CHECK_THAT(problem_of(with_info("demo", "b>2")), Catch::Contains("no relation"));
}

TEST_CASE("package v3: a value that is named many times is bounded", "[apk][package_v3]") {
    constexpr std::size_t times = 100'000;
    const auto with_root = [](AdbWriter& writer, std::vector<AdbWriter::Value> fields) {
        fields.insert(fields.begin(), writer.object({writer.blob("demo"), writer.blob("1-r0")}));
        return container(writer.finish(writer.object(std::move(fields))));
    };
    AdbWriter relations;
    const AdbWriter::Value one = relations.object({relations.blob(std::string(200, 'd'))});
    std::vector<AdbWriter::Value> info(15, AdbWriter::null);
    info[0] = relations.blob("demo");
    info[1] = relations.blob("1-r0");
    info[14] = relations.array(std::vector<AdbWriter::Value>(times, one));
    const std::string depends =
        container(relations.finish(relations.object({relations.object(info)})));
    CHECK_THAT(problem_of(depends), Catch::Contains("more than 10485760 bytes of itself"));

    AdbWriter triggers;
    const AdbWriter::Value path = triggers.blob("/" + std::string(200, 't'));
    const AdbWriter::Value list = triggers.array(std::vector<AdbWriter::Value>(times, path));
    CHECK_THAT(
        problem_of(with_root(triggers, {AdbWriter::null, AdbWriter::null, list})),
        Catch::Contains("more than 10485760 bytes of itself")
    );

    AdbWriter scripts;
    const AdbWriter::Value script = scripts.blob("#!/bin/sh\n" + std::string(1000, 's'));
    const std::string all = with_root(
        scripts, {AdbWriter::null, scripts.object(std::vector<AdbWriter::Value>(7, script))}
    );
    CHECK(problem_of(all).empty());
    CHECK_THAT(
        problem_of(all, {.control_bytes = 5000}), Catch::Contains("more than 5000 bytes of itself")
    );

    AdbWriter attributes;
    const AdbWriter::Value attribute =
        attributes.blob(std::string("user.x\0", 7) + std::string(200, 'x'));
    const AdbWriter::Value owner = attributes.object(
        {attributes.number(0755),
         attributes.blob("root"),
         attributes.blob("root"),
         attributes.array(std::vector<AdbWriter::Value>(times, attribute))}
    );
    const AdbWriter::Value paths =
        attributes.array({attributes.object({attributes.blob("usr"), owner})});
    CHECK_THAT(problem_of(with_root(attributes, {paths})), Catch::Contains("too many extended"));
}

TEST_CASE("package v3: names that no system takes are refused", "[apk][package_v3]") {
    const std::string hello = content_block(1, 1, "hello");
    CHECK(problem_of(with_file(std::string(255, 'f'), hello)).empty());
    CHECK_THAT(problem_of(with_file(std::string(256, 'f'), hello)), Catch::Contains("longer than"));
    AdbWriter writer;
    const std::string target = little_endian(0120000, 2) + std::string(5000, 't');
    const auto usr = directory_with(writer, "usr", {file_with(writer, "l", "", target)});
    CHECK_THAT(
        problem_of(container(package_with(writer, writer.array({usr})))),
        Catch::Contains("longer than")
    );
    AdbWriter deep;
    const auto path = directory_with(deep, std::string(5000, 'p'), {});
    CHECK_THAT(
        problem_of(container(package_with(deep, deep.array({path})))),
        Catch::Contains("longer than")
    );
}
