// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/call_error.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

// A program with flags of its own, one command, and one group of commands.
struct Program {
    Program() {
        app.require_subcommand(1);
        app.fallthrough();
        app.add_option("--format", format)->check(CLI::IsMember({"text", "json"}));
        CLI::App* build = app.add_subcommand("build");
        build->add_option("--arch", architecture);
        build->add_option("recipe", recipe);
        CLI::App* image = app.add_subcommand("image");
        image->require_subcommand(1);
        image->add_subcommand("publish");
    }

    // "message | help" of a call that is refused.
    std::string refusal(std::vector<const char*> words) {
        words.insert(words.begin(), "quern");
        try {
            app.parse(static_cast<int>(words.size()), words.data());
        } catch (const CLI::ParseError& error) {
            const auto explained =
                quern::cli::explain_call(app, error, std::span(words).subspan(1));
            CHECK(explained.code() == quern::ErrorCode::usage);
            return explained.message() + " | " + explained.help();
        }
        return "accepted";
    }

    CLI::App app{"grinds", "quern"};
    std::string format, architecture, recipe;
};

struct Call {
    std::vector<const char*> words;
    std::string expected;
};

}  // namespace

TEST_CASE("call error: a misspelt word gets the one that was meant", "[cli][call_error]") {
    const auto [words, expected] = GENERATE(values<Call>({
        {{}, "no command was given | `quern --help` lists the commands"},
        {{"buidl", "a.yaml"},
         "quern has no command 'buidl' | did you mean 'build'? `quern --help` lists the commands"},
        {{"--format", "json", "zzz"},
         "quern has no command 'zzz' | `quern --help` lists the commands"},
        {{"--formt", "json"},
         "quern has no flag '--formt' | did you mean '--format'? `quern --help` shows flags and "
         "examples"},
        {{"image", "--formt=json"},
         "quern image has no flag '--formt' | did you mean '--format'? `quern image --help` shows "
         "flags and examples"},
        {{"image"}, "quern image needs a command | `quern image --help` lists the commands"},
        {{"image", "pubish"},
         "quern image has no command 'pubish' | did you mean 'publish'? `quern image --help` lists "
         "the commands"},
        {{"build", "--archh", "x86_64"},
         "quern build has no flag '--archh' | did you mean '--arch'? `quern build --help` shows "
         "flags and examples"},
        {{"build", "--fromat=json"},
         "quern build has no flag '--fromat' | did you mean '--format'? `quern build --help` shows "
         "flags and examples"},
        {{"build", "a.yaml", "b.yaml"},
         "quern build does not know what to do with 'b.yaml' | `quern build --help` shows flags "
         "and "
         "examples"},
    }));
    CAPTURE(words);
    CHECK(Program().refusal(words) == expected);
}

TEST_CASE("call error: a wrong value is told with its flag", "[cli][call_error]") {
    const std::string text = Program().refusal({"build", "--format", "xml"});
    CHECK_THAT(text, Catch::StartsWith("quern build: --format: xml not in"));
    CHECK_THAT(text, Catch::EndsWith("| `quern build --help` shows flags and examples"));
}
