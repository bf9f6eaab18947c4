// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/package_writer.hpp"

#include "archive/gzip_reader.hpp"
#include "archive/tar_reader.hpp"
#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;
using archive::TarEntry;
using archive::TarReader;

namespace {

PackageInfo demo_info() {
    PackageInfo info;
    info.name = "demo";
    info.version = "1.2-r3";
    info.architecture = "x86_64";
    info.origin = "demo";
    info.description = "a demonstration";
    info.licenses = {"MIT"};
    return info;
}

Result<void> write_demo(DataSink& sink) {
    QUERN_CHECK(sink.add(directory("usr").first));
    QUERN_CHECK(sink.add_file(plain("usr/a", "hello\n").first, "hello\n"));
    QUERN_CHECK(sink.add(soft_link("usr/b", "a").first));
    return sink.add(hard_link("usr/c", "usr/a").first);
}

PackageWriterOptions signed_options() {
    return {.key = &test_key(), .timestamp = Timestamp(1700000000)};
}

TempDir folder() {
    auto made = TempDir::create("/tmp", "quern-writer-");
    REQUIRE(made);
    return std::move(*made);
}

UniqueFd file_of(std::string_view content) {
    UniqueFd fd(::memfd_create("content", MFD_CLOEXEC));
    REQUIRE(write_all(fd.get(), content));
    return fd;
}

std::size_t count_files(const std::filesystem::path& path) {
    return static_cast<std::size_t>(std::distance(
        std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()
    ));
}

Error write_failure(
    const std::filesystem::path& path,
    const PackageInfo& info,
    const std::map<std::string, std::string>& files,
    const DataWriter& write
) {
    const auto written = write_package(path, info, files, write, signed_options());
    REQUIRE_FALSE(written);
    CHECK(count_files(path) == 0);
    return written.error();
}

}  // namespace

TEST_CASE("package_writer: what was written is read and verified", "[apk][package_writer]") {
    const TempDir out = folder();
    const std::map<std::string, std::string> files = {
        {".post-install", "#!/bin/sh\n"},
        {".melange.yaml", "package: {}\n"},
        {".INFO", "sorts first"}};
    const auto written =
        write_package(out.path(), demo_info(), files, write_demo, signed_options());
    REQUIRE(written);
    CHECK(written->path == out.path() / "demo-1.2-r3.apk");
    CHECK(written->file_size == std::filesystem::file_size(written->path));
    CHECK(written->info.installed_size == 7);
    CHECK(count_files(out.path()) == 1);
    const auto package = PackageFile::open(written->path);
    REQUIRE(package);
    CHECK(package->head().checksum == written->checksum);
    CHECK(package->info().data_hash == written->data_hash);
    CHECK(package->info().description == "a demonstration");
    CHECK(package->head().control_files.at(".post-install") == "#!/bin/sh\n");
    CHECK(package->head().control_mtime == 1700000000);
    CHECK(*package->verify_signature(test_keyring()) == "test.rsa.pub");
    CHECK(package->verify_data());
}

TEST_CASE(
    "package_writer: the control section is laid out as clients expect", "[apk][package_writer]"
) {
    const TempDir out = folder();
    const std::map<std::string, std::string> files = {
        {".trigger", "#!/bin/sh\n"}, {".post-install", "#!/bin/sh\n"}, {".melange.yaml", "x\n"}};
    const auto written =
        write_package(out.path(), demo_info(), files, write_demo, {.timestamp = Timestamp(77)});
    REQUIRE(written);
    const auto package = PackageFile::open(written->path);
    REQUIRE(package);
    CHECK(package->head().signatures.empty());
    const auto text = archive::gzip_decompress(package->head().control_bytes, 1U << 20U);
    REQUIRE(text);
    archive::StringSource source(*text);
    TarReader reader(source);
    std::vector<std::string> seen;
    for (auto entry = reader.next(); entry && *entry; entry = reader.next()) {
        const TarEntry& each = **entry;
        seen.push_back(each.path);
        CHECK(
            each.mode == (each.path == ".PKGINFO" || each.path == ".melange.yaml" ? 0644U : 0755U)
        );
        CHECK(each.mtime == 77);
        CHECK(each.uid == 0);
        CHECK(each.user_name == "root");
        CHECK(each.group_name == "root");
        CHECK(each.records.empty());
    }
    CHECK(
        seen == std::vector<std::string>{".PKGINFO", ".melange.yaml", ".post-install", ".trigger"}
    );
}

TEST_CASE(
    "package_writer: the same input gives the same bytes, whatever the threads and the umask",
    "[apk][package_writer]"
) {
    const TempDir one = folder();
    const TempDir two = folder();
    const auto big = [](DataSink& sink) -> Result<void> {
        QUERN_CHECK(write_demo(sink));
        std::string content(5U << 20U, 'x');
        for (std::size_t i = 0; i < content.size(); i += 7) {
            content[i] = static_cast<char>(i * i >> 8U);
        }
        return sink.add_file(plain("usr/big", content).first, content);
    };
    ThreadPool pool(3);
    PackageWriterOptions parallel = signed_options();
    parallel.pool = &pool;
    const auto first = write_package(one.path(), demo_info(), {}, big, signed_options());
    const mode_t before = ::umask(077);
    const auto second = write_package(two.path(), demo_info(), {}, big, parallel);
    ::umask(before);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(*read_file(first->path) == *read_file(second->path));
    CHECK(
        (std::filesystem::status(second->path).permissions() ==
         std::filesystem::status(first->path).permissions())
    );
    CHECK(static_cast<unsigned>(std::filesystem::status(second->path).permissions()) == 0644U);
}

TEST_CASE(
    "package_writer: files by descriptor are packed whole, small and large", "[apk][package_writer]"
) {
    const std::size_t size =
        GENERATE(0U, 1U, 511U, (1U << 20U) - 1, 1U << 20U, (1U << 20U) + 1, 3U << 20U);
    CAPTURE(size);
    std::string content(size, 'x');
    for (std::size_t i = 0; i < size; ++i) {
        content[i] = static_cast<char>(i % 251);
    }
    const UniqueFd source = file_of(content);
    const TempDir out = folder();
    const auto written = write_package(
        out.path(),
        demo_info(),
        {},
        [&](DataSink& sink) { return sink.add_file(plain("f", content).first, source.get()); },
        {}
    );
    REQUIRE(written);
    const auto package = PackageFile::open(written->path);
    REQUIRE(package);
    std::string again;
    REQUIRE(package->read_data([&](const TarEntry&, TarReader& reader) -> Result<void> {
        QUERN_TRY(again, reader.read_all(size));
        return {};
    }));
    CHECK(again == content);
}

TEST_CASE(
    "package_writer: a file of another size than announced is an error", "[apk][package_writer]"
) {
    const std::size_t size = GENERATE(10U, 2U << 20U);
    const int difference = GENERATE(-1, 1);
    const std::string content(size + static_cast<std::size_t>(difference), 'x');
    const UniqueFd source = file_of(content);
    const TempDir out = folder();
    const auto write = [&](DataSink& sink) {
        return sink.add_file(plain("f", std::string(size, 'x')).first, source.get());
    };
    const Error error = write_failure(out.path(), demo_info(), {}, write);
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(error.message().find("changed") != std::string::npos);
}

TEST_CASE("package_writer: modes, owners and attributes are kept", "[apk][package_writer]") {
    const TempDir out = folder();
    TarEntry entry = plain("suid", "x").first;
    entry.mode = 04755;
    entry.uid = 33;
    entry.gid = 44;
    entry.user_name = "www";
    entry.mtime = 5;
    entry.records = {
        {"SCHILY.xattr.security.capability", std::string("\1\0\0\2", 4)},
        {"APK-TOOLS.checksum.SHA1", "wrong"}};
    const auto written = write_package(
        out.path(),
        demo_info(),
        {},
        [&](DataSink& sink) { return sink.add_file(entry, std::string_view("x")); },
        {}
    );
    REQUIRE(written);
    const auto package = PackageFile::open(written->path);
    REQUIRE(package);
    REQUIRE(package->read_data([&](const TarEntry& read, TarReader&) -> Result<void> {
        CHECK(read.mode == 04755);
        CHECK(read.uid == 33);
        CHECK(read.gid == 44);
        CHECK(read.user_name == "www");
        CHECK(read.mtime == 5);
        REQUIRE(read.records.size() == 2);
        CHECK(*read.record("SCHILY.xattr.security.capability") == std::string("\1\0\0\2", 4));
        return {};
    }));
}

TEST_CASE(
    "package_writer: what clients cannot install is an error and leaves nothing",
    "[apk][package_writer]"
) {
    const TempDir out = folder();
    const auto entry = GENERATE(
        file("../x", "x"),
        file("/x", "x"),
        file("a\nb", "x"),
        hard_link("h", "nothing"),
        soft_link("s", "")
    );
    CAPTURE(entry.first.path);
    const auto write = [&](DataSink& sink) {
        return entry.first.type == archive::TarType::file
                   ? sink.add_file(entry.first, std::string_view(entry.second))
                   : sink.add(entry.first);
    };
    CHECK(write_failure(out.path(), demo_info(), {}, write).code() == ErrorCode::invalid_data);
}

TEST_CASE(
    "package_writer: names that could leave the folder are refused before any file is made",
    "[apk][package_writer]"
) {
    const TempDir out = folder();
    PackageInfo info = demo_info();
    SECTION("name") {
        info.name = "../demo";
        CHECK(write_failure(out.path(), info, {}, write_demo).code() == ErrorCode::invalid_data);
    }
    SECTION("control file") {
        const std::string name =
            GENERATE(as<std::string>{}, ".PKGINFO", ".SIGN.RSA.x", ".a/b", "x", ".", "..", "");
        CHECK(
            write_failure(out.path(), demo_info(), {{name, "x"}}, write_demo).code() ==
            ErrorCode::invalid_data
        );
    }
    SECTION("script too long") {
        CHECK(
            write_failure(
                out.path(),
                demo_info(),
                {{".post-install", std::string((256U << 10U) + 1, '#')}},
                write_demo
            )
                .code() == ErrorCode::limit
        );
    }
    SECTION("the writer fails") {
        const auto fail = [](DataSink&) -> Result<void> {
            return Error(ErrorCode::interrupted, "stop");
        };
        CHECK(write_failure(out.path(), demo_info(), {}, fail).code() == ErrorCode::interrupted);
    }
    CHECK(
        write_package(out.path() / "missing", demo_info(), {}, write_demo, {}).error().code() ==
        ErrorCode::not_found
    );
}

TEST_CASE(
    "package_writer: size counts files once, link targets and no directories",
    "[apk][package_writer]"
) {
    const TempDir out = folder();
    const auto size_of = [&](const DataWriter& write,
                             const std::map<std::string, std::string>& files) {
        const auto written = write_package(out.path(), demo_info(), files, write, {});
        REQUIRE(written);
        return written->info.installed_size;
    };
    CHECK(size_of(write_demo, {}) == 7);
    CHECK(size_of({}, {}) == 0);
    CHECK(size_of({}, {{".melange.yaml", "x"}}) == 0);
    CHECK(size_of({}, {{".post-install", "#!/bin/sh\n"}}) == 1);
    CHECK(size_of([](DataSink& sink) { return sink.add(directory("var").first); }, {}) == 1);
    CHECK(
        size_of([](DataSink& sink) { return sink.add(soft_link("lib", "usr/lib").first); }, {}) == 7
    );
}

TEST_CASE(
    "package_writer: signing replaces the signature and nothing else", "[apk][package_writer]"
) {
    const TempDir out = folder();
    const auto written =
        write_package(out.path(), demo_info(), {}, write_demo, {.timestamp = Timestamp(9)});
    REQUIRE(written);
    const std::string unsigned_bytes = *read_file(written->path);
    REQUIRE(sign_package(written->path, test_key()));
    const std::string once = *read_file(written->path);
    CHECK(once.ends_with(unsigned_bytes));
    REQUIRE(sign_package(written->path, test_key()));
    CHECK(*read_file(written->path) == once);
    const auto package = PackageFile::open(written->path);
    REQUIRE(package);
    CHECK(package->verify_signature(test_keyring()));
    CHECK(package->verify_data());
    const auto direct = write_package(
        out.path(), demo_info(), {}, write_demo, {.key = &test_key(), .timestamp = Timestamp(9)}
    );
    REQUIRE(direct);
    CHECK(*read_file(direct->path) == once);
}

TEST_CASE("package_writer: a damaged package is not signed", "[apk][package_writer]") {
    const TempDir out = folder();
    const auto path = out.path() / "demo-1-r0.apk";
    RawPackage raw;
    raw.behind = "x";
    REQUIRE(write_file_atomically(path, raw.bytes()));
    CHECK(sign_package(path, test_key()).error().code() == ErrorCode::invalid_data);
    CHECK(*read_file(path) == raw.bytes());
    CHECK(
        sign_package(out.path() / "missing.apk", test_key()).error().code() == ErrorCode::not_found
    );
}
