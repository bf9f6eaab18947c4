// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include "cli/flags.hpp"
#include "support/source_root.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using quern::cli::command_definitions;
using quern::cli::CommandDefinition;

namespace {

std::string readme() {
    std::ifstream file(source_root() / "README.md");
    return {std::istreambuf_iterator<char>(file), {}};
}

bool has_visible_text(const CLI::Option& option) {
    return option.get_group().empty() || !option.get_description().empty();
}

// Visits a command and those below it.
template <typename Visit>
void for_each_command(const CLI::App& app, const Visit& visit) {
    visit(app);
    for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
        for_each_command(*below, visit);
    }
}

}  // namespace

TEST_CASE("commands: each is told in README and shows how it is called", "[cli][command]") {
    const std::string text = readme();
    std::set<std::string_view> names;
    for (const CommandDefinition& definition : command_definitions()) {
        CAPTURE(definition.name);
        CHECK(names.insert(definition.name).second);
        CHECK(text.find(fmt::format("`{}", definition.name)) != std::string::npos);
        CHECK(std::string_view(definition.examples).starts_with("  "));
        CHECK(
            std::string_view(definition.examples).find(fmt::format("quern {}", definition.name)) !=
            std::string_view::npos
        );
        CHECK_FALSE(std::string_view(definition.description).ends_with("."));
    }
}

TEST_CASE("commands: every flag that --help shows says what it does", "[cli][command]") {
    for (const CommandDefinition& definition : command_definitions()) {
        CLI::App app;
        const auto run = definition.define(app);
        for_each_command(app, [&](const CLI::App& command) {
            for (const CLI::Option* option : command.get_options()) {
                CAPTURE(definition.name, command.get_name(), option->get_name());
                CHECK(has_visible_text(*option));
            }
        });
    }
}

TEST_CASE("commands: a list flag takes commas and repetition", "[cli][command]") {
    CLI::App app;
    std::vector<std::string> words;
    std::string file;
    quern::cli::add_list(app, "-r,--repository-append", words, "repositories");
    app.add_option("file", file, "a file");
    std::vector<std::string> argv = {"recipe.yaml", "c", "-r", "a,b", "--repository-append"};
    app.parse(argv);  // CLI11 takes the words in reverse
    CHECK(words == std::vector<std::string>{"a", "b", "c"});
    CHECK(file == "recipe.yaml");
}

TEST_CASE("manual: names every command, its flags and the exit statuses", "[cli][manual]") {
    CLI::App global;
    quern::cli::GlobalOptions options;
    quern::cli::add_global_flags(global, options);
    const std::string page = quern::cli::manual_page(global);
    for (const CommandDefinition& definition : command_definitions()) {
        CAPTURE(definition.name);
        std::string name = definition.name;
        for (std::size_t at = name.find('-'); at != std::string::npos;
             at = name.find('-', at + 2)) {
            name.replace(at, 1, "\\-");
        }
        CHECK(page.find(".SS quern " + name + "\n") != std::string::npos);
    }
    CHECK(page.starts_with(".TH QUERN 1"));
    CHECK(page.find("\\-\\-signing\\-key") != std::string::npos);
    CHECK(page.find("\\-\\-cache\\-root") != std::string::npos);
    CHECK(page.find(".TP\n.B 130\ninterrupted\n") != std::string::npos);
}
