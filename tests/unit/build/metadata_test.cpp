// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/metadata.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

namespace quern::build {
namespace {

recipe::Text text(std::string value) {
    return {std::move(value), {}};
}

/// The package of recipe-and-build 14.5, case 30.
struct Fixture {
    recipe::Configuration configuration;
    BuildOptions options;
    package::ScanResult scan;

    Fixture() {
        recipe::Package& package = configuration.package;
        package.name = text("demo");
        package.version = text("1.2.3");
        package.epoch = 4;
        package.commit = text("c0ffee");
        package.copyright.resize(2);
        package.copyright[0].license = text("MIT");
        package.copyright[1].license = text("Apache-2.0");
        package.dependencies.runtime = {text("b"), text("a")};
        package.scriptlets.trigger.paths = {text("/bin"), text("/sbin")};
        options.namespace_name = "wolfi";
        options.load.architecture = "x86_64";
    }
    apk::PackageInfo info_of(const Output& output) const {
        return package_info(output, configuration.package, options, scan);
    }
    apk::PackageInfo main_info() const { return info_of(outputs_of(configuration).front()); }
};

}  // namespace

TEST_CASE("metadata: a priority may have a sign, and is none below 0", "[build][metadata]") {
    const auto [written, expected] = GENERATE(table<const char*, std::optional<std::uint64_t>>({
        {"", std::nullopt},
        {"10", 10},
        {"+3", 3},
        {"-5", std::nullopt},
    }));
    CAPTURE(written);
    Fixture fixture;
    fixture.configuration.package.dependencies.provider_priority = text(written);
    fixture.configuration.package.dependencies.replaces_priority = text(written);
    CHECK(fixture.main_info().provider_priority == expected);
    CHECK(fixture.main_info().replaces_priority == expected);
}

TEST_CASE("case 30: .PKGINFO has the peer's lines in its order", "[build][pack]") {
    const Fixture fixture;
    apk::PackageInfo info = fixture.main_info();
    info.installed_size = 1;
    info.data_hash = std::string(64, 'a');
    const auto lines = info.to_string();
    REQUIRE(lines);
    CHECK(
        lines->substr(lines->find('\n') + 1) ==
        "pkgname = demo\npkgver = 1.2.3-r4\narch = x86_64\nsize = 1\norigin = demo\npkgdesc = "
        "\nurl = \ncommit = c0ffee\n"
        "maintainer = wolfi\nlicense = MIT\nlicense = Apache-2.0\ndepend = a\ndepend = b\ntriggers "
        "= /bin /sbin \n"
        "datahash = " +
            info.data_hash + "\n"
    );
}

TEST_CASE("case 30: a date other than 1970 is the build date", "[build][pack]") {
    Fixture fixture;
    CHECK_FALSE(fixture.main_info().build_date);
    fixture.options.source_date = 12345678;
    CHECK(fixture.main_info().build_date == 12345678);
}

TEST_CASE("case 31: a subpackage inherits origin and licences, not texts", "[build][pack]") {
    Fixture fixture;
    fixture.configuration.package.description = text("main");
    fixture.configuration.subpackages.resize(1);
    fixture.configuration.subpackages[0].name = text("demo-dev");
    const auto outputs = outputs_of(fixture.configuration);
    const apk::PackageInfo info = fixture.info_of(outputs[1]);
    CHECK(info.origin == "demo");
    CHECK(info.licenses.size() == 2);
    CHECK(info.description.empty());
    CHECK(info.commit == "c0ffee");
    fixture.options.strip_origin_name = true;
    CHECK(fixture.info_of(outputs[1]).origin == "demo-dev");
}

TEST_CASE(
    "case 39: a package does not depend on what it provides, unless by a constraint",
    "[build][pack]"
) {
    Fixture fixture;
    auto& dependencies = fixture.configuration.package.dependencies;
    dependencies.provides = {text("demo-lib=1")};
    dependencies.runtime = {text("demo-lib")};
    CHECK(fixture.main_info().depends.empty());
    dependencies.runtime = {text("demo-lib>=1")};
    CHECK(fixture.main_info().depends == std::vector<std::string>{"demo-lib>=1"});
}

TEST_CASE("case 32: file capabilities are version 3 of the kernel's form", "[build][pack]") {
    recipe::FileCapability capability;
    capability.path = text("/usr/bin/ping");
    capability.add["cap_net_bind_service"] = text("+ep");
    const auto values = file_capabilities({capability});
    REQUIRE(values.count("usr/bin/ping") == 1);
    CHECK(
        values.at("usr/bin/ping") ==
        std::string("\x01\x00\x00\x03\x00\x04\x00\x00", 8) + std::string(16, '\0')
    );
}

TEST_CASE(
    "workspace: is removed with what odd modes are in it, and a dead one by the next",
    "[build][workspace]"
) {
    const TempDir parent = *TempDir::create(std::filesystem::temp_directory_path(), "quern-ws-");
    const GuestIds ids = {0, 1};
    std::filesystem::path first;
    {
        const auto workspace = Workspace::create(parent.path(), {}, ids);
        REQUIRE(workspace);
        first = workspace->path();
        REQUIRE(workspace->make_output("demo"));
        REQUIRE(workspace->home().make_directories("closed"));
        std::filesystem::permissions(first / "home/closed", std::filesystem::perms::none);
    }
    CHECK_FALSE(std::filesystem::exists(first));
    std::filesystem::create_directories(parent.path() / "build-dead/home");
    REQUIRE(write_file_atomically(parent.path() / "build-dead/lock", ""));
    const auto next = Workspace::create(parent.path(), {}, ids);
    REQUIRE(next);
    CHECK_FALSE(std::filesystem::exists(parent.path() / "build-dead"));
    CHECK(std::filesystem::exists(next->path()));
}

TEST_CASE("pack: a package tells that signatures were ignored", "[build][pack]") {
    Fixture fixture;
    const std::vector<Output> outputs = outputs_of(fixture.configuration);
    const auto recorded = [&] {
        return control_files(outputs.front(), fixture.configuration, fixture.options)
            .at(".melange.yaml");
    };
    const std::string usual = recorded();
    CHECK(usual.find('#') == std::string::npos);
    fixture.options.environment.ignore_signatures = true;
    const std::string doubtful = recorded();
    CHECK(doubtful.starts_with("# built with --ignore-signatures"));
    CHECK(doubtful.substr(doubtful.find('\n') + 1) == usual);
}

}  // namespace quern::build
