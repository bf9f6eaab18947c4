// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/built_in.hpp"
#include "quern/plan.hpp"
#include "support/atomic_file.hpp"
#include "support/file_reader.hpp"
#include "support/temp_dir.hpp"
#include "tests/support/memory_file_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

using Catch::Contains;
using quern::Diagnostics;
using quern::SourceFile;
using quern::Span;
using quern::pipeline::Library;

TEST_CASE(
    "library: directories are searched in order, then the built-in set", "[pipeline][library]"
) {
    MemoryFileReader reader;
    reader.add("one/a.yaml", "runs: one");
    reader.add("two/a.yaml", "runs: two");
    reader.add("two/b/c.yaml", "native: fetch\nruns: two");
    Library library({"one", "two"}, reader);
    Diagnostics diagnostics;
    CHECK(library.find("a", {}, diagnostics)->node.runs.value == "one");
    const auto* nested = library.find("b/c", {}, diagnostics);
    REQUIRE(nested != nullptr);
    CHECK(nested->native.empty());
    CHECK(!nested->built_in);
    const auto* fetch = library.find("fetch", {}, diagnostics);
    REQUIRE(fetch != nullptr);
    CHECK(fetch->native == "fetch");
    CHECK(fetch->built_in);
    CHECK(library.find("fetch", {}, diagnostics) == fetch);
    CHECK(diagnostics.is_empty());
}

TEST_CASE("library: an empty definition is one that says nothing", "[pipeline][library]") {
    const auto text = GENERATE(as<std::string>{}, "", "# only words\n", "~\n");
    CAPTURE(text);
    MemoryFileReader reader;
    reader.add("d/t.yaml", text);
    Library library({"d"}, reader);
    Diagnostics diagnostics;
    CHECK(library.find("t", {}, diagnostics) != nullptr);
    CHECK(diagnostics.is_empty());
}

TEST_CASE("library: every user of a wrong definition is told", "[pipeline][library]") {
    MemoryFileReader reader;
    reader.add("d/t.yaml", "pipeline: {a: b}\n");
    Library library({"d"}, reader);
    const SourceFile recipe("recipe.yaml", "uses: t\n");
    for (int i = 0; i < 2; ++i) {
        Diagnostics diagnostics;
        CHECK(library.find("t", Span{&recipe, 6, 1}, diagnostics) == nullptr);
        const auto found = diagnostics.take();
        REQUIRE(found.size() == 1);
        CHECK(found[0].where.file->name() == "d/t.yaml");
        CHECK(found[0].notes.at(0).where.file == &recipe);
    }
}

TEST_CASE("library: names are sorted and hold the built-in set", "[pipeline][library]") {
    MemoryFileReader reader;
    reader.add("d/zz.yaml", "runs: x");
    Library library({"d"}, reader);
    Diagnostics diagnostics;
    REQUIRE(library.find("zz", {}, diagnostics) != nullptr);
    const auto names = library.names();
    CHECK(std::is_sorted(names.begin(), names.end()));
    CHECK(names.size() == quern::pipeline::built_in_definitions().size() + 1);
    CHECK(names.back() == "zz");
}

TEST_CASE("library: many threads get the same definition", "[pipeline][library]") {
    const MemoryFileReader reader;
    Library library({}, reader);
    std::vector<const Library::Definition*> found(8);
    {
        std::vector<std::jthread> threads;
        for (auto& definition : found) {
            threads.emplace_back([&library, &definition] {
                Diagnostics diagnostics;
                for (const auto& built_in : quern::pipeline::built_in_definitions()) {
                    library.find(built_in.name, {}, diagnostics);
                }
                definition = library.find("autoconf/make", {}, diagnostics);
            });
        }
    }
    for (const auto* definition : found) {
        CHECK(definition == found[0]);
    }
    CHECK(found[0] != nullptr);
}

TEST_CASE("library: a link does not lead out of its directory", "[pipeline][library]") {
    const auto folder = quern::TempDir::create(std::filesystem::temp_directory_path(), "library-");
    REQUIRE(folder);
    const auto inside = folder->path() / "inside";
    std::filesystem::create_directory(inside);
    for (const auto& path : {inside / "own.yaml", folder->path() / "other.yaml"}) {
        REQUIRE(quern::write_file_atomically(path, "pipeline: [{runs: x}]\n"));
    }
    std::filesystem::create_symlink("own.yaml", inside / "near.yaml");
    std::filesystem::create_symlink("../other.yaml", inside / "far.yaml");
    const quern::DiskFileReader reader;
    Library library({inside}, reader);
    Diagnostics diagnostics;
    CHECK(library.find("near", {}, diagnostics) != nullptr);
    CHECK(!diagnostics.has_errors());
    CHECK(library.find("far", {}, diagnostics) == nullptr);
    CHECK(diagnostics.take().at(0).id == "unreadable-pipeline");
}
