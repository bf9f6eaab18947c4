// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/recipe.hpp"
#include "recipe/query.hpp"
#include "support/file_reader.hpp"
#include "support/golden.hpp"
#include "support/memory_file_reader.hpp"
#include "support/source_root.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace quern;

namespace {

const std::filesystem::path folder = source_root() / "tests/golden/diagnostics";

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// All that loading `name`.yaml says, as a user sees it; `name`.env and `name`.vars are given where
/// they are there, and `name`.template is run.
std::string diagnostics_of(const std::string& name) {
    const DiskFileReader disk;
    MemoryFileReader files;
    recipe::LoadOptions options;
    options.architecture = "x86_64";
    for (const char* extension : {".yaml", ".env", ".vars", ".template"}) {
        auto text = disk.read(folder / (name + extension));
        if (text) {
            files.add(name + extension, std::move(*text));
        }
    }
    if (files.exists(name + ".env")) {
        options.env_files = {name + ".env"};
    }
    if (files.exists(name + ".vars")) {
        options.vars_file = name + ".vars";
    }
    Diagnostics diagnostics;
    const auto configuration = recipe::load(name + ".yaml", files, options, diagnostics);
    std::string text = configuration ? "accepted\n" : "refused\n";
    if (const auto query = files.read(name + ".template"); configuration && query) {
        const auto source = std::make_shared<const SourceFile>(name + ".template", *query);
        text = recipe::query(*configuration, source, diagnostics) ? "answered\n" : "unanswered\n";
    }
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        text += render(diagnostic, {});
    }
    return text;
}

}  // namespace

TEST_CASE("diagnostics: a wrong recipe is explained at its place", "[golden][recipe]") {
    const std::vector<std::string> names = case_names();
    REQUIRE(!names.empty());
    for (const std::string& name : names) {
        INFO(name);
        golden("diagnostics/" + name, diagnostics_of(name));
    }
}

TEST_CASE(
    "diagnostics: a recipe that is not there is an error without a place", "[golden][recipe]"
) {
    golden("diagnostics/cannot-read", diagnostics_of("none"));
}
