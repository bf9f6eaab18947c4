// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/lock_file.hpp"

#include "repository/package_store.hpp"
#include "support/atomic_file.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/repository/test_fetcher.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

/// A repository with one package, and a store that opens it.
struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path repository = directory.path() / "repo";
    TestFetcher net{directory.path()};
    PackageStore store{{directory.path() / "store", false}, net.fetcher};

    Fixture() {
        const auto package =
            stage_package(directory.path() / "staging", "hello", "1-r0", "text", &key());
        REQUIRE(publish(repository, "x86_64", {package}, {}));
    }
    static const apk::PrivateKey& key() { return test_key(); }
    Selected select() const {
        Selected selected;
        selected.entry =
            std::make_shared<const apk::IndexEntry>(read_published(repository).entries.at(0));
        selected.location.base = repository.string();
        selected.architecture = "x86_64";
        return selected;
    }
    LockFile lock() {
        const Selected selected = select();
        const auto package = store.open(selected);
        REQUIRE(package);
        LockFile made;
        made.config_name = "hello.yaml";
        const std::string_view text = "contents: {}\n";
        made.config_checksum = config_checksum({&text, 1});
        made.repositories.push_back(lock_repository(selected.location, "x86_64"));
        made.packages.push_back(lock_package(selected, *package));
        return made;
    }
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("lock_file: sections are those of the file", "[repository][lock_file]") {
    Fixture f;
    const LockFile lock = f.lock();
    const LockedPackage& package = lock.packages.at(0);
    const auto bytes = read_file(f.repository / "x86_64" / "hello-1-r0.apk");
    REQUIRE(bytes);
    const auto part = [&](const LockedSection& section) {
        unsigned long first = 0;
        unsigned long last = 0;
        REQUIRE(std::sscanf(section.range.c_str(), "bytes=%lu-%lu", &first, &last) == 2);
        return bytes->substr(first, last - first + 1);
    };
    CHECK(part(package.signature) + part(package.control) + part(package.data) == *bytes);
    const auto sha1 = [](const std::string& text) {
        return "sha1-" + digest_of(DigestKind::sha1, text).base64();
    };
    CHECK(package.signature.checksum == sha1(part(package.signature)));
    CHECK(package.control.checksum == sha1(part(package.control)));
    CHECK(package.checksum == "Q1" + package.control.checksum.substr(5));
    CHECK(
        package.data.checksum ==
        "sha256-" + digest_of(DigestKind::sha256, part(package.data)).base64()
    );
}

TEST_CASE("lock_file: reading inverts writing", "[repository][lock_file]") {
    Fixture f;
    LockFile lock = f.lock();
    const auto public_key = Fixture::key().public_key();
    REQUIRE(public_key);
    auto key = lock_key("https://user:secret@example.org/keys/a.rsa.pub", public_key->to_pem());
    REQUIRE(key);
    CHECK(key->name == "example.org/keys/a.rsa.pub");
    CHECK(key->fingerprint == public_key->fingerprint());
    lock.keyring.push_back(*key);
    lock.worlds.push_back({"x86_64", {"hello"}});
    const std::string text = lock.to_string();
    CHECK(text.find("secret") == std::string::npos);
    const auto read = LockFile::parse(text);
    REQUIRE(read);
    CHECK(read->to_string() == text);
    CHECK(differences(lock, *read).empty());
}

TEST_CASE("lock_file: lists are never null and ours are left out", "[repository][lock_file]") {
    const std::string text = LockFile().to_string();
    CHECK(text.find("\"build_repositories\": []") != std::string::npos);
    CHECK(text.find("worlds") == std::string::npos);
    CHECK(text.find("ignore_signatures") == std::string::npos);
    CHECK(text.find("null") == std::string::npos);
    CHECK(text.ends_with("}\n"));
}

TEST_CASE("lock_file: an unsigned package has an empty signature", "[repository][lock_file]") {
    Fixture f;
    const auto package = stage_package(f.directory.path() / "staging", "hello", "2-r0");
    f.repository = f.directory.path() / "other";
    REQUIRE(publish(f.repository, "x86_64", {package}, {}));
    const LockFile lock = f.lock();
    CHECK(lock.packages.at(0).signature.range.empty());
    CHECK(lock.packages.at(0).signature.checksum.empty());
    CHECK(lock.packages.at(0).control.range.starts_with("bytes=0-"));
}

TEST_CASE("lock_file: what is hostile or broken is refused by field", "[repository][lock_file]") {
    Fixture f;
    const std::string text = f.lock().to_string();
    auto [from, to, field] = GENERATE(table<std::string, std::string, std::string>({
        {"\"v1\"", "\"v2\"", "version is 'v2'"},
        {"\"version\": \"1-r0\"", "\"version\": \"../1\"", "packages[0].version is no version"},
        {"\"name\": \"hello\"", "\"name\": \"../hello\"", "packages[0].name is no package name"},
        {"x86_64/hello-1-r0.apk", "x86_64/other-1-r0.apk", "packages[0].url"},
        {"x86_64/hello-1-r0.apk", "../hello-1-r0.apk", "packages[0].url"},
        {"\"checksum\": \"Q1", "\"checksum\": \"Q2", "packages[0].checksum"},
        {"\"checksum\": \"Q1", "\"check\": \"Q1", "packages[0].checksum is missing"},
        {"\"packages\": [", "\"packages\": 1, \"x\": [", "contents.packages is no list"},
        {"\"name\": \"hello\"", "\"name\": 7", "packages[0].name is no text"},
        {"{", "[", "not JSON"},
    }));
    CAPTURE(to);
    const auto read = LockFile::parse(replaced(text, from, to));
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::invalid_data);
    CHECK_THAT(read.error().message(), Catch::Contains(field));
}

TEST_CASE("lock_file: locked packages open without an index", "[repository][lock_file]") {
    Fixture f;
    const LockFile lock = f.lock();
    std::filesystem::remove(f.repository / "x86_64" / "APKINDEX.tar.gz");
    const auto selected = select_locked(lock, "x86_64", {});
    REQUIRE(selected);
    const auto package = f.store.open(selected->at(0));
    REQUIRE(package);
    CHECK(package->info().name == "hello");
    const auto missing = select_locked(lock, "aarch64", {});
    REQUIRE_FALSE(missing);
    CHECK_THAT(missing.error().message(), Catch::Contains("no package for aarch64"));
}

TEST_CASE("lock_file: another data section is refused", "[repository][lock_file]") {
    Fixture f;
    LockFile lock = f.lock();
    lock.packages[0].data.checksum = "sha256-" + digest_of(DigestKind::sha256, "x").base64();
    const auto selected = select_locked(lock, "x86_64", {});
    REQUIRE(selected);
    const auto package = f.store.open(selected->at(0));
    REQUIRE_FALSE(package);
    CHECK(package.error().code() == ErrorCode::digest_mismatch);
    CHECK_THAT(package.error().message(), Catch::Contains("the lock says"));
}

TEST_CASE(
    "lock_file: credentials and tags come from the caller's list", "[repository][lock_file]"
) {
    Fixture f;
    LockFile lock = f.lock();
    lock.packages[0].url = "https://example.org/os/x86_64/hello-1-r0.apk";
    const auto location = Location::parse("@edge https://user:secret@example.org/os/");
    REQUIRE(location);
    const auto selected = select_locked(lock, "x86_64", {&*location, 1});
    REQUIRE(selected);
    CHECK(selected->at(0).location == *location);
    const auto unknown = select_locked(lock, "x86_64", {});
    REQUIRE(unknown);
    CHECK(unknown->at(0).location.base == "https://example.org/os");
}

TEST_CASE("lock_file: differences name what changed", "[repository][lock_file]") {
    Fixture f;
    const LockFile before = f.lock();
    LockFile after = before;
    after.packages[0].version = "2-r0";
    after.packages.push_back(before.packages[0]);
    after.packages[1].name = "more";
    after.worlds.push_back({"x86_64", {"hello"}});
    after.ignores_signatures = true;
    after.repositories.clear();
    const auto found = differences(before, after);
    const std::string sum = before.packages[0].checksum;
    REQUIRE(found.size() == 5);
    CHECK(found[0] == "asked for hello (x86_64): added");
    CHECK(found[1] == "signatures of indexes ignored: added");
    CHECK_THAT(found[2], Catch::StartsWith("repository ") && Catch::EndsWith(": removed"));
    CHECK(found[3] == "package hello (x86_64): 1-r0 " + sum + " -> 2-r0 " + sum);
    CHECK(found[4] == "package more (x86_64): added 1-r0 " + sum);
}

TEST_CASE("lock_file: it lies beside its configuration", "[repository][lock_file]") {
    CHECK(lock_path_of("a/hello.yaml") == "a/hello.lock.json");
    CHECK(lock_path_of("melange.yaml") == "melange.lock.json");
}
