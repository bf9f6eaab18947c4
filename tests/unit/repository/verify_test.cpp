// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path arch = directory.path() / "x86_64";
    ThreadPool pool{2};

    Fixture() {
        const auto package =
            stage_package(directory.path() / "staging", "a", "1-r0", "content", &test_key());
        REQUIRE(publish(directory.path(), "x86_64", {package}, {.key = &test_key()}));
        std::filesystem::remove_all(directory.path() / "staging");
    }
    std::string verify(const apk::Keyring& keyring = test_keyring(), bool ignore = false) {
        const auto problems = verify_repository(directory.path(), keyring, ignore, pool);
        REQUIRE(problems);
        std::string text;
        for (const RepositoryProblem& problem : *problems) {
            text += problem.where + ": " + problem.what + "\n";
        }
        return text;
    }
};

}  // namespace

TEST_CASE("verify: a repository that we made has no problem", "[repository][verify]") {
    Fixture f;
    CHECK(f.verify().empty());
}

TEST_CASE(
    "verify: signatures by unknown keys are problems unless they are ignored",
    "[repository][verify]"
) {
    Fixture f;
    const std::string problems = f.verify(apk::Keyring());
    CHECK(problems.find("x86_64/APKINDEX.tar.gz: ") != std::string::npos);
    CHECK(problems.find("x86_64/a-1-r0.apk: ") != std::string::npos);
    CHECK(f.verify(apk::Keyring(), true).empty());
}

TEST_CASE(
    "verify: a missing file, a stray file and a double entry are named", "[repository][verify]"
) {
    Fixture f;
    std::filesystem::rename(f.arch / "a-1-r0.apk", f.arch / "stray.apk");
    const std::string problems = f.verify();
    CHECK(problems.find("a-1-r0.apk: the index names it") != std::string::npos);
    CHECK(problems.find("stray.apk: no entry") != std::string::npos);
}

TEST_CASE("verify: another package under the name is found", "[repository][verify]") {
    Fixture f;
    const auto other =
        stage_package(f.directory.path() / "other", "a", "1-r0", "something else", &test_key());
    std::filesystem::rename(other.path, f.arch / "a-1-r0.apk");
    const std::string problems = f.verify();
    CHECK(problems.find("the control section is Q1") != std::string::npos);
    CHECK(problems.find("something else in") != std::string::npos);
}

TEST_CASE("verify: one flipped bit of a package is found", "[repository][verify]") {
    Fixture f;
    auto bytes = read_file(f.arch / "a-1-r0.apk");
    REQUIRE(bytes);
    const std::size_t place =
        GENERATE(as<std::size_t>{}, 40, 2, 3, 5);  // from the start or parts of the size
    const std::size_t at = place == 40 ? 40 : bytes->size() - bytes->size() / place;
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 1);
    REQUIRE(write_file_atomically(f.arch / "a-1-r0.apk", *bytes));
    CAPTURE(at);
    CHECK_FALSE(f.verify().empty());
}

TEST_CASE("verify: a directory without an index is an error", "[repository][verify]") {
    Fixture f;
    std::filesystem::remove(f.arch / "APKINDEX.tar.gz");
    const auto problems = verify_repository(f.directory.path(), test_keyring(), false, f.pool);
    REQUIRE_FALSE(problems);
    CHECK(problems.error().code() == ErrorCode::not_found);
}
