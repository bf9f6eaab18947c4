// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"
#include "repository/publish_v3.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path arch = directory.path() / "x86_64";
    std::filesystem::path index = arch / "APKINDEX.tar.gz";
    ThreadPool pool{2};

    std::filesystem::path add(
        const std::string& name, const std::string& version, const std::string& content = "x"
    ) {
        return stage_package(arch, name, version, content).path;
    }
    std::vector<std::string> run(
        const std::vector<std::filesystem::path>& packages, const IndexPackagesOptions& options
    ) {
        auto warnings = index_packages(index, packages, options, pool);
        REQUIRE(warnings);
        return warnings->warnings;
    }
    std::string names() const {
        std::string text;
        for (const auto& entry : read_published(directory.path()).entries) {
            text += (text.empty() ? "" : " ") + entry.name + "-" + entry.version;
        }
        return text;
    }
};

}  // namespace

TEST_CASE("index_packages: entries come by name, then by version", "[repository][index_packages]") {
    Fixture f;
    CHECK(f.run({f.add("b", "1-r0"), f.add("a", "10-r0"), f.add("a", "9-r0")}, {}).empty());
    CHECK(f.names() == "a-9-r0 a-10-r0 b-1-r0");
    CHECK(problems_of(f.directory.path()).empty());
}

TEST_CASE(
    "index_packages: other architectures are skipped with a warning", "[repository][index_packages]"
) {
    Fixture f;
    const auto warnings = f.run({f.add("b", "1-r0")}, {.architecture = "aarch64"});
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("b-1-r0.apk is for x86_64") != std::string::npos);
    CHECK(f.names().empty());
}

TEST_CASE("index_packages: a folder without packages is named", "[repository][index_packages]") {
    Fixture f;
    const auto folder = f.directory.path() / "empty";
    std::filesystem::create_directory(folder);
    const auto warnings = f.run({folder, f.add("b", "1-r0")}, {});
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("no packages in " + folder.string()) != std::string::npos);
    CHECK(f.names() == "b-1-r0");
}

TEST_CASE("index_packages: merging replaces and adds", "[repository][index_packages]") {
    Fixture f;
    f.run({f.add("b", "1-r0"), f.add("a", "1-r0")}, {});
    f.run(
        {f.add("c", "1-r0"), f.add("b", "1-r0", "other")},
        {.merge = true, .source = f.index, .key = &test_key()}
    );
    CHECK(f.names() == "a-1-r0 b-1-r0 c-1-r0");
    CHECK(problems_of(f.directory.path()).empty());
    CHECK(apk::read_index(*read_file(f.index), &test_keyring()));
}

TEST_CASE("index_packages: a missing source is empty", "[repository][index_packages]") {
    Fixture f;
    f.run({f.add("b", "1-r0")}, {.merge = true, .source = f.directory.path() / "none"});
    CHECK(f.names() == "b-1-r0");
}

TEST_CASE(
    "index_packages: a file that is no package is named and nothing written",
    "[repository][index_packages]"
) {
    Fixture f;
    const auto good = f.add("b", "1-r0");
    const auto bad = f.arch / "bad.apk";
    REQUIRE(write_file_atomically(bad, "nothing"));
    const auto warnings = index_packages(f.index, std::vector{good, bad}, {}, f.pool);
    REQUIRE_FALSE(warnings);
    CHECK(warnings.error().message().find("bad.apk") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(f.index));
}

namespace {

/// As if the file had been there for an hour.
void make_old(const std::filesystem::path& path) {
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) - std::chrono::hours(1)
    );
}

}  // namespace

TEST_CASE(
    "index_packages: files that are as they were are not read again", "[repository][index_packages]"
) {
    Fixture f;
    const std::vector packages{f.add("a", "1-r0"), f.add("b", "1-r0"), f.add("c", "1-r0")};
    for (const auto& package : packages) {
        make_old(package);
    }
    const auto read_count = [&](const IndexPackagesOptions& options) {
        const auto report = index_packages(f.index, std::vector{f.arch}, options, f.pool);
        REQUIRE(report);
        return report->read;
    };
    CHECK(read_count({}) == 3);
    CHECK(read_count({}) == 0);
    CHECK(f.names() == "a-1-r0 b-1-r0 c-1-r0");
    CHECK(read_count({.verify = true}) == 3);
    make_old(f.add("b", "1-r0", "changed"));
    CHECK(read_count({}) == 1);
    CHECK(problems_of(f.directory.path()).empty());
    REQUIRE(write_file_atomically(f.directory.path() / ".quern-x86_64.files", "quern files 1\nx"));
    CHECK(read_count({}) == 3);
}

TEST_CASE(
    "index_packages: damaged files are found where all is read", "[repository][index_packages]"
) {
    Fixture f;
    const std::filesystem::path package = f.add("a", "1-r0");
    std::string bytes = *read_file(package);
    bytes[bytes.size() - 12] = static_cast<char>(bytes[bytes.size() - 12] ^ 1);
    REQUIRE(write_file_atomically(package, bytes));
    CHECK(index_packages(f.index, std::vector{f.arch}, {}, f.pool));
    const auto refused = index_packages(f.index, std::vector{f.arch}, {.verify = true}, f.pool);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message(), Catch::Contains("a-1-r0.apk"));
}

TEST_CASE("index_packages: pruning keeps the newest versions", "[repository][index_packages]") {
    Fixture f;
    f.run({f.add("a", "9-r0"), f.add("a", "10-r0"), f.add("b", "1-r0"), f.add("a", "10-r1")}, {});
    for (const char* name : {"a-9-r0.apk.intoto.jsonl", "b-1-r0.apk.intoto.jsonl"}) {
        REQUIRE(write_file_atomically(f.index.parent_path() / name, "{}"));
    }
    const auto report = index_packages(
        f.index,
        {},
        {.merge = true, .source = f.index, .keep_versions = 2, .delete_files = true},
        f.pool
    );
    REQUIRE(report);
    CHECK(report->dropped == std::vector<std::string>{"a-9-r0.apk"});
    CHECK(f.names() == "a-10-r0 a-10-r1 b-1-r0");
    CHECK(problems_of(f.directory.path()).empty());
    CHECK(std::filesystem::exists(f.index.parent_path() / "b-1-r0.apk.intoto.jsonl"));
}

TEST_CASE("index_packages: entries are removed by name", "[repository][index_packages]") {
    Fixture f;
    f.run({f.add("a", "1-r0"), f.add("a", "2-r0"), f.add("b", "1-r0")}, {});
    const auto remove = [&f](const std::string& what) {
        return index_packages(
            f.index, {}, {.merge = true, .source = f.index, .removed = {what}}, f.pool
        );
    };
    REQUIRE(remove("a=1-r0"));
    CHECK(f.names() == "a-2-r0 b-1-r0");
    REQUIRE(remove("b"));
    CHECK(f.names() == "a-2-r0");
    const auto missing = remove("b");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code() == ErrorCode::not_found);
}

TEST_CASE(
    "index_packages: an index that claims our signature and lacks it is not signed again",
    "[repository][index_packages]"
) {
    Fixture f;
    f.run({f.add("a", "1-r0")}, {.key = &test_key()});
    auto bytes = read_file(f.index);
    REQUIRE(bytes);
    apk::Index other;
    const auto plain = apk::write_index(other, nullptr);
    const auto with_signature = apk::write_index(other, &test_key());
    REQUIRE(plain);
    REQUIRE(with_signature);
    const std::string signature = with_signature->substr(0, with_signature->size() - plain->size());
    REQUIRE(bytes->substr(signature.size()) != *plain);
    // the signature of another index in front of this one
    const auto body = apk::write_index(read_published(f.directory.path()), nullptr);
    REQUIRE(body);
    REQUIRE(write_file_atomically(f.index, signature + *body));
    const auto report =
        index_packages(f.index, {}, {.merge = true, .source = f.index, .key = &test_key()}, f.pool);
    REQUIRE_FALSE(report);
    CHECK(report.error().code() == ErrorCode::signature);
}

TEST_CASE(
    "index_packages: an index of apk 3 names packages of both versions",
    "[repository][index_packages]"
) {
    Fixture f;
    const auto a = f.add("a", "1-r0");
    const auto b = f.add("b", "1-r0");
    REQUIRE(publish_v3(f.directory.path(), "x86_64", std::vector{a}, {}));
    const auto place = f.directory.path() / "v3/x86_64";
    const auto packages = place / "Packages.adb";
    const auto told = [&] {
        const auto file = apk::read_adb_index(packages, &test_keyring());
        REQUIRE(file);
        std::string text = file->pkgname_spec;
        for (const auto& entry : file->index.entries) {
            text += " " + entry.file_name() + "=" + entry.checksum.substr(0, 2);
        }
        return text;
    };
    const auto index = [&](const std::vector<std::filesystem::path>& places, bool merge) {
        const IndexPackagesOptions options = {
            .merge = merge, .source = packages, .key = &test_key()};
        return index_packages(packages, places, options, f.pool);
    };
    REQUIRE(index({place}, false));
    CHECK(told() == "x86_64/${name}-${version}.apk a-1-r0.apk=Q2");
    REQUIRE(index({b}, true));
    CHECK(told() == "x86_64/${name}-${version}.apk a-1-r0.apk=Q2 b-1-r0.apk=Q1");
    CHECK_FALSE(std::filesystem::exists(place / "APKINDEX.tar.gz"));
    const auto refused = index_packages(f.index, std::vector{place / "a-1-r0.apk"}, {}, f.pool);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().help(), Catch::Contains("quern index -o Packages.adb"));
}
