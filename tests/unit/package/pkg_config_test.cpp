// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/pkg_config.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace quern::package {

using Texts = std::vector<std::string>;

TEST_CASE("pkg_config: modules are told without their constraints", "[package][pkg_config]") {
    auto [line, modules] = GENERATE(table<const char*, Texts>({
        {"Requires: a", {"a"}},
        {"Requires: a, b c", {"a", "b", "c"}},
        {"Requires: a >= 1.2, b=3,c!=4", {"a", "b", "c"}},
        {"Requires: a>=1 a", {"a"}},
        {"Requires:", {}},
        {"Requires.private: a\nRequires.internal: b", {"a", "b"}},
        {"Requires: a # and more", {"a"}},
        {"Requires: a \\\n b", {"a", "b"}},
        {"m=x y\nRequires: ${m} z", {"x", "y", "z"}},
        {"Conflicts: q\nLibs: -lz\nanything", {}},
        {"Requires: a\r\n", {"a"}},
    }));
    CAPTURE(line);
    const PkgConfigFile file = parse_pkg_config(line);
    CHECK(file.problem.empty());
    CHECK(file.required == modules);
}

TEST_CASE(
    "pkg_config: what cannot be read says why and requires nothing", "[package][pkg_config]"
) {
    auto [text, problem] = GENERATE(table<std::string, const char*>({
        {"Requires: a ${nothing}", "nothing"},
        {"Requires: ${open", "open"},
        {std::string("Requires: a\0b", 13), "no text"},
        {std::string((1 << 20) + 1, 'x'), "1 MiB"},
    }));
    const PkgConfigFile file = parse_pkg_config(text);
    CHECK(file.problem.find(problem) != std::string::npos);
    CHECK(file.required.empty());
}

TEST_CASE("pkg_config: variables that double with each line are stopped", "[package][pkg_config]") {
    std::string text = "v0=xxxxxxxxxxxxxxxx\n";
    for (int i = 1; i < 64; ++i) {
        text += "v" + std::to_string(i) + "=${v" + std::to_string(i - 1) + "}${v" +
                std::to_string(i - 1) + "}\n";
    }
    CHECK(parse_pkg_config(text).problem.find("64 KiB") != std::string::npos);
}

}  // namespace quern::package
