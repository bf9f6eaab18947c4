// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/verify.hpp"

#include "apk/package_writer.hpp"
#include "repository/publish_v3.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/repository/index_text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

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
        return verify({.keyring = ignore ? nullptr : &keyring});
    }
    /// "[id] where: what", a line each.
    std::string verify(const VerifyOptions& options) {
        const auto findings = verify_repository(directory.path(), options, pool);
        REQUIRE(findings);
        std::string text;
        for (const Finding& finding : *findings) {
            text += fmt::format("[{}] {}: {}\n", finding.id, finding.where, finding.what);
        }
        return text;
    }
    /// Publishes a package with one file.
    void add(const apk::PackageInfo& info, const std::string& file) {
        const auto write_data = [&](apk::DataSink& sink) -> Result<void> {
            archive::TarEntry entry;
            entry.path = file;
            entry.mode = 0644;
            entry.size = 1;
            return sink.add_file(entry, "x");
        };
        const auto staging = directory.path() / "staging";
        std::filesystem::create_directories(staging);
        const auto written = apk::write_package(
            staging, info, {}, write_data, {.key = &test_key(), .timestamp = {}}
        );
        REQUIRE(written);
        const auto entry =
            apk::make_index_entry(written->info, written->checksum, written->file_size);
        REQUIRE(publish(directory.path(), "x86_64", {{written->path, entry}}, {.key = &test_key()})
        );
        std::filesystem::remove_all(staging);
    }
};

apk::PackageInfo info_of(const std::string& name, const std::string& version) {
    apk::PackageInfo info;
    info.name = name;
    info.version = version;
    info.architecture = "x86_64";
    info.origin = name;
    info.description = "a package";
    info.licenses = {"MIT"};
    return info;
}

}  // namespace

TEST_CASE("verify: a repository that we made has no problem", "[repository][verify]") {
    Fixture f;
    CHECK(f.verify().empty());
}

TEST_CASE("verify: what is for another architecture is named", "[repository][verify]") {
    Fixture f;
    for (const char* other : {"armhf", "mine"}) {
        std::filesystem::copy(f.arch, f.directory.path() / other);
    }
    const std::string problems = f.verify();
    CHECK_THAT(
        problems, Catch::StartsWith("[wrong-architecture] armhf/a-1-r0.apk: it is for x86_64")
    );
    CHECK(std::count(problems.begin(), problems.end(), '\n') == 1);
}

TEST_CASE(
    "verify: signatures by unknown keys are problems unless they are ignored",
    "[repository][verify]"
) {
    Fixture f;
    const std::string problems = f.verify(apk::Keyring());
    CHECK(problems.find("[index-signature] x86_64/APKINDEX.tar.gz: ") != std::string::npos);
    CHECK(problems.find("[package-signature] x86_64/a-1-r0.apk: ") != std::string::npos);
    CHECK(f.verify(apk::Keyring(), true).empty());
}

TEST_CASE(
    "verify: a missing file, a stray file and a double entry are named", "[repository][verify]"
) {
    Fixture f;
    std::filesystem::rename(f.arch / "a-1-r0.apk", f.arch / "stray.apk");
    const std::string problems = f.verify();
    CHECK(
        problems.find("[file-missing] x86_64/a-1-r0.apk: the index names it") != std::string::npos
    );
    CHECK(problems.find("[file-unlisted] x86_64/stray.apk: no entry") != std::string::npos);
}

TEST_CASE("verify: another package under the name is found", "[repository][verify]") {
    Fixture f;
    const auto other =
        stage_package(f.directory.path() / "other", "a", "1-r0", "something else", &test_key());
    std::filesystem::rename(other.path, f.arch / "a-1-r0.apk");
    const std::string problems = f.verify();
    CHECK(problems.find("the package is Q1") != std::string::npos);
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

TEST_CASE("verify: packages are read in the limits of the caller", "[repository][verify]") {
    Fixture f;
    CHECK(f.verify({.package_limits = {.data_bytes = 1}}).find("data-bytes") != std::string::npos);
    CancelToken cancel;
    cancel.request();
    const auto findings =
        verify_repository(f.directory.path(), {.package_limits = {.cancel = &cancel}}, f.pool);
    REQUIRE_FALSE(findings);
    CHECK(findings.error().code() == ErrorCode::interrupted);
}

TEST_CASE("verify: a directory without an index is an error", "[repository][verify]") {
    Fixture f;
    std::filesystem::remove(f.arch / "APKINDEX.tar.gz");
    const auto findings = verify_repository(f.directory.path(), {}, f.pool);
    REQUIRE_FALSE(findings);
    CHECK(findings.error().code() == ErrorCode::not_found);
}

TEST_CASE("verify: a file of two packages is found unless one gives way", "[repository][verify]") {
    Fixture f;
    f.add(info_of("one", "1-r0"), "usr/bin/tool");
    auto other = info_of("two", "1-r0");
    const std::string conflict =
        "[file-conflict] x86_64/two-1-r0.apk: one-1-r0.apk brings /usr/bin/tool too, and neither "
        "replaces the other\n";
    SECTION("neither does") {
        f.add(other, "usr/bin/tool");
        CHECK(f.verify() == conflict);
    }
    SECTION("one replaces another version") {
        other.replaces = {"one<1"};
        f.add(other, "usr/bin/tool");
        CHECK(f.verify() == conflict);
    }
    SECTION("one replaces the other") {
        other.replaces = {"one"};
        f.add(other, "usr/bin/tool");
        CHECK(f.verify().empty());
    }
    SECTION("they are of one recipe") {
        other.origin = "one";
        f.add(other, "usr/bin/tool");
        CHECK(f.verify().empty());
    }
    SECTION("they are never together") {
        other.depends = {"!one"};
        f.add(other, "usr/bin/tool");
        CHECK(f.verify().empty());
    }
    SECTION("they are versions of one package") {
        f.add(info_of("one", "2-r0"), "usr/bin/tool");
        CHECK(f.verify().empty());
    }
}

TEST_CASE("verify: the closure is looked at when it is wanted", "[repository][verify]") {
    Fixture f;
    auto top = info_of("top", "1-r0");
    top.depends = {"middle", "a"};
    auto middle = info_of("middle", "1-r0");
    middle.depends = {"outside>=2"};
    f.add(top, "top");
    f.add(middle, "middle");
    CHECK(f.verify().empty());
    const apk::Keyring keyring = test_keyring();
    VerifyOptions options{.keyring = &keyring, .is_closed = true};
    // That top cannot be installed either says nothing new.
    CHECK(
        f.verify(options) ==
        "[unmet-dependency] x86_64/middle-1-r0.apk: it needs outside>=2, and nothing provides "
        "that\n"
    );
    const auto with = [&](const char* text) {
        options.beside = [text](std::string_view) -> Result<std::vector<RepositoryIndex>> {
            return indexes_of(text);
        };
        return f.verify(options);
    };
    CHECK(with("outside 2").empty());
    CHECK(
        with("outside 2 D:!a") ==
        "[not-installable] x86_64/top-1-r0.apk: the world needs top=1-r0; top-1-r0 needs middle; "
        "top-1-r0 needs a; middle-1-r0 needs outside>=2; outside-2 does not go with a-1-r0 (!a)\n"
    );
}

TEST_CASE("verify: a repository of version 3 is checked by its own index", "[repository][verify]") {
    Fixture f;
    const auto made = publish_v3(
        f.directory.path(), "x86_64", std::vector{f.arch / "a-1-r0.apk"}, {.key = &test_key()}
    );
    REQUIRE(made);
    const auto place = f.directory.path() / "v3";
    const auto found = [&](const apk::Keyring* keyring) {
        const auto findings = verify_repository(place, {.keyring = keyring}, f.pool);
        REQUIRE(findings);
        std::string ids;
        for (const Finding& finding : *findings) {
            ids += finding.id + " " + finding.where + "; ";
        }
        return ids;
    };
    CHECK(found(&test_keyring()).empty());
    CHECK(found(nullptr).empty());
    const apk::Keyring none;
    CHECK(
        found(&none) == "index-signature x86_64/Packages.adb; package-signature x86_64/a-1-r0.apk; "
    );
    REQUIRE(write_file_atomically(place / "x86_64/b-1-r0.apk", "x"));
    CHECK(found(&test_keyring()) == "file-unlisted x86_64/b-1-r0.apk; ");
    std::filesystem::remove(place / "x86_64/b-1-r0.apk");
    // Another package of the same name and version, and of version 2 at that.
    std::filesystem::copy_file(
        f.arch / "a-1-r0.apk",
        place / "x86_64/a-1-r0.apk",
        std::filesystem::copy_options::overwrite_existing
    );
    CHECK_THAT(found(&test_keyring()), Catch::Contains("checksum-differs x86_64/a-1-r0.apk"));
    REQUIRE(write_file_atomically(place / "x86_64/Packages.adb", "ADBdamaged"));
    CHECK(found(&test_keyring()) == "index-damaged x86_64/Packages.adb; ");
}

TEST_CASE("verify: the index of apk 3 names what the other names", "[repository][verify]") {
    Fixture f;
    const auto index = f.arch / "APKINDEX.tar.gz";
    const auto view = f.arch / "Packages.adb";
    const auto write = [&](const apk::Signer* key) {
        REQUIRE(index_packages(index, std::vector{f.arch}, {.key = key, .writes_v3 = true}, f.pool)
        );
    };
    write(&test_key());
    CHECK(f.verify().empty());
    const std::string old = read_file(view).value_or("");
    f.add(info_of("b", "1-r0"), "usr/b");
    REQUIRE(write_file_atomically(view, old));
    CHECK_THAT(
        f.verify(), Catch::StartsWith("[index-differs] x86_64/Packages.adb: it does not agree")
    );
    write(&test_key());
    CHECK(f.verify().empty());
    REQUIRE(write_file_atomically(view, "ADBd"));
    CHECK_THAT(f.verify(), Catch::StartsWith("[index-damaged] x86_64/Packages.adb: no file"));
    write(nullptr);
    CHECK_THAT(f.verify(), Catch::Contains("[index-signature] x86_64/Packages.adb: not signed"));
}

TEST_CASE("verify: what is published comes to stand in both indexes", "[repository][verify]") {
    Fixture f;
    const auto index = f.arch / "APKINDEX.tar.gz";
    REQUIRE(
        index_packages(index, std::vector{f.arch}, {.key = &test_key(), .writes_v3 = true}, f.pool)
    );
    const auto added = [&](const std::string& version, const std::string& file) {
        f.add(info_of("c", version), file);
        return f.verify();
    };
    CHECK(added("1-r0", "usr/one").empty());
    CHECK(added("2-r0", "usr/two").empty());
    CHECK(added("2-r0", "usr/other").empty());  // in place of a file that both name
}
