// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/failure.hpp"

#include "quern/index.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quern::build {

using Texts = std::vector<std::string>;

TEST_CASE("failure: what a shell or env did not find is named", "[build][failure]") {
    auto [line, program] = GENERATE(table<const char*, const char*>({
        {"/bin/sh: cmake: not found", "cmake"},
        {"/bin/sh: line 7: python3: command not found", "python3"},
        {"bash: g++: command not found", "g++"},
        {"sh: 3: x264: not found", "x264"},
        {"env: 'perl': No such file or directory", "perl"},
        {"/usr/bin/env: \xe2\x80\x98node\xe2\x80\x99: No such file or directory", "node"},
        {"  | /bin/sh: cmake: not found", "cmake"},
    }));
    CAPTURE(line);
    CHECK(missing_programs(line) == Texts{program});
}

TEST_CASE("failure: other lines name no program", "[build][failure]") {
    CHECK(missing_programs("cat: x: No such file or directory\nnot found\npage: 404 not found\n")
              .empty());
    CHECK(missing_programs("sh: $(rm -r x): not found\nsh: a b: not found").empty());
    CHECK(
        missing_programs("sh: a: not found\nsh: b: not found\nsh: a: not found") == Texts{"a", "b"}
    );
}

TEST_CASE("failure: packages are found by the commands that they provide", "[build][failure]") {
    apk::Index index;
    for (const auto& [name, provided] : {
             std::pair("zeta", "cmd:cmake=3.25-r0"),
             std::pair("alpha", "cmd:cmake"),
             std::pair("cmake-doc", "cmd:cmake-gui=1"),
         }) {
        apk::IndexEntry entry;
        entry.name = name;
        entry.version = "1";
        entry.provides = {"so:libx.so.1=1", provided};
        index.entries.push_back(std::move(entry));
    }
    const std::vector<repository::RepositoryIndex> indexes = {
        {{"/r", {}}, "x86_64", *apk::IndexTable::of(index), {}}};
    CHECK(packages_with("cmake", indexes, 5) == Texts{"alpha", "zeta"});
    CHECK(packages_with("cmake", indexes, 1) == Texts{"alpha"});
    CHECK(packages_with("make", indexes, 5).empty());
}

TEST_CASE(
    "failure: who has a single id is told why files cannot be given away", "[build][failure]"
) {
    const char* const line = GENERATE(
        "chown: x: Invalid argument",
        "  | chown: changing ownership of 'x': Invalid argument",
        "install: cannot change ownership of 'x': Invalid argument",
        "tar: x: Cannot change ownership to uid 1000, gid 1000: Invalid argument\nchgrp: y: "
        "Invalid argument"
    );
    CAPTURE(line);
    CHECK(ownership_hint(line, true).find("quern doctor") != std::string::npos);
    CHECK(ownership_hint(line, false).empty());
    CHECK(ownership_hint("chown: changing ownership of '/dev/null': Operation not permitted", true)
              .empty());
    CHECK(
        ownership_hint("mv: x: Invalid argument\nchown: x: No such file or directory", true).empty()
    );
}

TEST_CASE("failure: a file system that keeps no owners is named", "[build][failure]") {
    const char* const line = "chown: changing ownership of 'x': Operation not supported";
    CHECK(ownership_hint(line, true).find("--cache-root") != std::string::npos);
    CHECK(ownership_hint(line, false).empty());
}

TEST_CASE("failure: a step short of memory is told which flag bounds it", "[build][failure]") {
    const sandbox::Limits bound = {.memory_bytes = std::uint64_t{64} << 20U};
    CHECK(
        memory_hint("cc1: out of memory allocating 8 bytes\n", bound) ==
        "each process may use 64.0 MiB of memory; --memory or package.resources.memory of the "
        "recipe "
        "sets it\n"
    );
    CHECK(memory_hint("sh: can't fork: Cannot allocate memory", bound) != "");
    CHECK(memory_hint("error: no such file", bound).empty());
    CHECK(memory_hint("out of memory", {}).empty());
}

}  // namespace quern::build
