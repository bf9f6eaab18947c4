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
        return *warnings;
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

TEST_CASE(
    "index_packages: entries come in the order of the packages", "[repository][index_packages]"
) {
    Fixture f;
    CHECK(f.run({f.add("b", "1-r0"), f.add("a", "2-r0"), f.add("a", "1-r0")}, {}).empty());
    CHECK(f.names() == "b-1-r0 a-2-r0 a-1-r0");
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

TEST_CASE("index_packages: merging replaces in place and appends", "[repository][index_packages]") {
    Fixture f;
    f.run({f.add("b", "1-r0"), f.add("a", "1-r0")}, {});
    f.run(
        {f.add("c", "1-r0"), f.add("b", "1-r0", "other")},
        {.merge = true, .source = f.index, .key = &test_key()}
    );
    CHECK(f.names() == "b-1-r0 a-1-r0 c-1-r0");
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
