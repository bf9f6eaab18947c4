// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/image.hpp"
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

const std::filesystem::path folder = source_root() / "tests/golden/image";

/// All that loading `name`.yaml says, as a user sees it.
std::string diagnostics_of(const std::string& name) {
    const DiskFileReader disk;
    MemoryFileReader files;
    auto text = disk.read(folder / (name + ".yaml"));
    REQUIRE(text);
    files.add(name + ".yaml", std::move(*text));
    Diagnostics diagnostics;
    const auto loaded = image::load(name + ".yaml", files, {}, diagnostics);
    std::string said = loaded ? "accepted\n" : "refused\n";
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        said += render(diagnostic, {});
    }
    return said;
}

}  // namespace

TEST_CASE("diagnostics: a wrong image file is explained at its place", "[golden][image]") {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::sort(names.begin(), names.end());
    REQUIRE(!names.empty());
    for (const std::string& name : names) {
        INFO(name);
        golden("image/" + name, diagnostics_of(name));
    }
}
