// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/limits.hpp"

#include "build/lint.hpp"
#include "quern/diagnostic.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quern::build {
namespace {

/// A recipe of which every text stands at the start of one file.
struct Fixture {
    std::shared_ptr<const SourceFile> file =
        std::make_shared<const SourceFile>("melange.yaml", "package:\n");
    recipe::Configuration configuration;
    Diagnostics diagnostics;

    Fixture() {
        configuration.package.name = text("demo");
        configuration.package.version = text("1");
        configuration.files = {file};
    }
    recipe::Text text(std::string value) const {
        return {std::move(value), Span{file.get(), 0, 7}};
    }
    std::vector<std::string> ids() {
        check_limits(configuration, diagnostics);
        check_disabled_linters(configuration, diagnostics);
        std::vector<std::string> ids;
        for (const Diagnostic& diagnostic : diagnostics.take()) {
            CHECK(diagnostic.where.file == file.get());
            ids.emplace_back(diagnostic.id);
        }
        return ids;
    }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("limits: what clients can install is not complained of", "[build][limits]") {
    Fixture fixture;
    recipe::Package& package = fixture.configuration.package;
    package.dependencies.runtime = {
        fixture.text("so:libc.so.6"), fixture.text("!old"), fixture.text("x>=1.2-r0")};
    package.dependencies.provides = {fixture.text(std::string(250, 'p') + "=1")};
    package.scriptlets.post_install = fixture.text("#!/bin/sh\n:\n");
    package.checks_disabled = {fixture.text("strip")};
    CHECK(fixture.ids().empty());
}

TEST_CASE("limits: each is an error at its place", "[build][limits]") {
    Fixture fixture;
    recipe::Package& package = fixture.configuration.package;
    SECTION("a long relation") {
        package.dependencies.provides = {fixture.text(std::string(257, 'p'))};
        CHECK(fixture.ids() == Ids{"relation-too-long"});
    }
    SECTION("a relation that is none") {
        package.dependencies.runtime = {fixture.text("two words")};
        CHECK(fixture.ids() == Ids{"bad-relation"});
    }
    SECTION("a long script") {
        package.scriptlets.pre_install = fixture.text("#!" + std::string(256 << 10, 'x'));
        CHECK(fixture.ids() == Ids{"script-too-long"});
    }
    SECTION("a script that no program reads") {
        package.scriptlets.trigger.script = fixture.text("echo\n");
        CHECK(fixture.ids() == Ids{"script-without-interpreter"});
    }
    SECTION("a long description of a subpackage") {
        fixture.configuration.subpackages.resize(1);
        fixture.configuration.subpackages[0].name = fixture.text("demo-doc");
        fixture.configuration.subpackages[0].description = fixture.text(std::string(2'000, 'd'));
        CHECK(fixture.ids() == Ids{"record-too-long"});
    }
    SECTION("a linter that is not known") {
        package.checks_disabled = {fixture.text("stripp")};
        CHECK(fixture.ids() == Ids{"unknown-linter"});
    }
}

}  // namespace quern::build
