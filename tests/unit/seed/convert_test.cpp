// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/convert.hpp"

#include "deb_samples.hpp"
#include "quern/package_file.hpp"
#include "seed/seed.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::seed;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view control =
    "Package: libdemo1\nSource: demo (1.0-1)\nVersion: 1:1.0-2+deb12u1\nArchitecture: "
    "amd64\nDepends: libc6 (>= 2.34), dpkg\nProvides: demo-virtual, demo-abi (= 3)\n"
    "Maintainer: Someone <someone@example.org>\nHomepage: https://example.org\nDescription: a demo "
    "library\n with more text\n";

constexpr std::string_view description_text = R"(
release: bookworm
version: "12"
layout: base
absent: [dpkg]
paths: {drop: [usr/share/doc], keep: [usr/share/doc/*/copyright]}
groups:
  all:
    packages:
      base:
        about: the layout
        directories: {usr/bin: "0755", tmp: "1777"}
        links: {bin: usr/bin}
        files: {etc/hosts: "127.0.0.1 localhost\n"}
      only-links:
        links: {usr/bin/x: somewhere}
amend:
  libdemo1:
    provides: [demo, other=7]
    depends: [extra]
    links:
      usr/bin/{triplet}-demo: demo
    concatenated: {etc/all: usr/share/parts}
)";

std::vector<TarSample> content() {
    return {
        directory_at("./"),
        directory_at("./lib"),
        directory_at("./lib/x86_64-linux-gnu"),
        file_at("./lib/x86_64-linux-gnu/libdemo.so.1.0", make_shared_object("libdemo.so.1", {})),
        link_to("./lib/x86_64-linux-gnu/libdemo.so.1", "libdemo.so.1.0"),
        file_at("./usr/bin/demo", "#!/bin/sh\n", 0755),
        file_at("./usr/share/doc/libdemo1/changelog.gz", "long"),
        file_at("./usr/share/doc/libdemo1/copyright", "mine"),
        file_at("./usr/share/parts/b", "two"),
        file_at("./usr/share/parts/a", "one\n"),
    };
}

struct Fixture {
    TempDir directory = std::move(*TempDir::create(fs::temp_directory_path(), "convert-test-"));
    Diagnostics diagnostics;
    std::optional<Description> description = parse_description(
        std::make_shared<const SourceFile>("seed.yaml", std::string(description_text)), diagnostics
    );
    Selection selection;
    Conversion conversion;

    Fixture() {
        REQUIRE(description);
        selection.set_absent({"dpkg"});
        conversion.selection = &selection;
        conversion.description = &*description;
        conversion.architecture = "x86_64";
        conversion.layout = "base";
    }
};

std::string paths_of(const apk::PackageFile& package) {
    std::string paths;
    REQUIRE(
        package.read_data([&](const archive::TarEntry& entry, archive::TarReader&) -> Result<void> {
            paths += entry.path + (entry.link_target.empty() ? "" : "->" + entry.link_target) + " ";
            return {};
        })
    );
    return paths;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("convert: a .deb becomes a package with its names and relations", "[seed][convert]") {
    Fixture fixture;
    const auto deb = Deb::open(write_deb(fixture.directory.path(), "demo", control, content()));
    REQUIRE(deb);
    const auto written = convert_deb(*deb, fixture.conversion, fixture.directory.path());
    REQUIRE(written);
    CHECK(written->path.filename() == "libdemo1-1.0_p2-r120100.apk");
    const auto package = apk::PackageFile::open(written->path);
    REQUIRE(package);
    const apk::PackageInfo& info = package->info();
    CHECK(info.architecture == "x86_64");
    CHECK(info.origin == "demo");
    CHECK(info.description == "a demo library");
    CHECK(info.url == "https://example.org");
    CHECK(!info.build_date);
    CHECK(info.depends == Names{"base", "extra", "libc6"});
    CHECK(
        info.provides ==
        Names{
            "cmd:demo=1.0_p2-r120100",
            "demo-abi",
            "demo-virtual",
            "demo=1.0_p2-r120100",
            "other=7",
            "so:libdemo.so.1=1",
        }
    );
    CHECK(
        paths_of(*package) ==
        "etc etc/all usr usr/bin usr/bin/demo usr/bin/x86_64-pc-linux-gnu-demo->demo usr/lib "
        "usr/lib/x86_64-linux-gnu "
        "usr/lib/x86_64-linux-gnu/libdemo.so.1->libdemo.so.1.0 "
        "usr/lib/x86_64-linux-gnu/libdemo.so.1.0 usr/share usr/share/doc "
        "usr/share/doc/libdemo1 usr/share/doc/libdemo1/copyright usr/share/parts usr/share/parts/a "
        "usr/share/parts/b "
    );
}

TEST_CASE("convert: the same .deb gives the same bytes", "[seed][convert]") {
    Fixture fixture;
    const auto deb = Deb::open(write_deb(fixture.directory.path(), "demo", control, content()));
    REQUIRE(deb);
    fs::create_directory(fixture.directory.path() / "1");
    fs::create_directory(fixture.directory.path() / "2");
    const auto first = convert_deb(*deb, fixture.conversion, fixture.directory.path() / "1");
    const auto second = convert_deb(*deb, fixture.conversion, fixture.directory.path() / "2");
    REQUIRE((first && second));
    CHECK(*read_file(first->path) == *read_file(second->path));
}

TEST_CASE("convert: packages are generated from the description", "[seed][convert]") {
    Fixture fixture;
    const auto& packages = fixture.description->groups.front().packages;
    const auto base =
        generate_package("base", packages[0].second, fixture.conversion, fixture.directory.path());
    REQUIRE(base);
    CHECK(base->info.version == "12-r0");
    CHECK(base->info.depends.empty());
    const auto package = apk::PackageFile::open(base->path);
    REQUIRE(package);
    CHECK(paths_of(*package) == "bin->usr/bin etc etc/hosts tmp usr usr/bin ");

    const auto links = generate_package(
        "only-links", packages[1].second, fixture.conversion, fixture.directory.path()
    );
    REQUIRE(links);
    CHECK(links->info.installed_size == std::string_view("somewhere").size());
    CHECK(links->info.depends == Names{"base"});
}

TEST_CASE("convert: files are converted on their own", "[seed][convert]") {
    const TempDir directory =
        std::move(*TempDir::create(fs::temp_directory_path(), "convert-test-"));
    ThreadPool pool(2);
    NullReporter reporter;
    const CancelToken cancel;
    ConvertOptions options;
    options.out_directory = directory.path() / "made/for it";
    options.extra_provides = {"alias"};
    const auto paths = convert(
        {write_deb(directory.path(), "demo", control, content()),
         write_deb(
             directory.path(),
             "data",
             "Package: demo-data\nVersion: 2\nArchitecture: all\nDepends: libdemo1\n",
             {file_at("./x", "1")}
         )},
        options,
        pool,
        reporter,
        cancel
    );
    REQUIRE(paths);
    REQUIRE(paths->size() == 2);
    const auto data = apk::PackageFile::open((*paths)[1]);
    REQUIRE(data);
    CHECK(data->info().architecture == "noarch");
    CHECK(data->info().depends == Names{"libdemo1"});
    CHECK(data->info().provides == Names{"alias=2-r0"});
    CHECK(data->verify_data());
}

TEST_CASE("convert: errors name the package and nothing is left", "[seed][convert]") {
    Fixture fixture;
    const auto deb =
        Deb::open(write_deb(fixture.directory.path(), "demo", control, {file_at("./../x", "")}));
    REQUIRE(deb);
    const auto written = convert_deb(*deb, fixture.conversion, fixture.directory.path());
    REQUIRE(!written);
    CHECK_THAT(written.error().message(), Catch::StartsWith("converting libdemo1: "));
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(fixture.directory.path())) {
        ++files;
    }
    CHECK(files == 1);
}

TEST_CASE("seed: a wrong description is told before anything is done", "[seed]") {
    const TempDir directory = std::move(*TempDir::create(fs::temp_directory_path(), "seed-test-"));
    REQUIRE(write_file_atomically(directory.path() / "seed.yaml", "release: [x]\n"));
    SeedOptions options;
    options.description = directory.path() / "seed.yaml";
    options.out_directory = directory.path() / "out";
    options.cache_directory = directory.path() / "cache";
    ThreadPool pool(1);
    Diagnostics diagnostics;
    NullReporter reporter;
    const CancelToken cancel;
    const auto report = seed::seed(options, pool, diagnostics, reporter, cancel);
    REQUIRE(!report);
    CHECK(report.error().code() == ErrorCode::invalid_recipe);
    CHECK(diagnostics.has_errors());
    CHECK(!fs::exists(options.out_directory));
}
