// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/call_error.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace quern::cli {
namespace {

// "quern image build", and the command that the words reached.
struct Reached {
    const CLI::App* command;
    std::string name;
    std::size_t depth = 0;
};

Reached reached_command(const CLI::App& app) {
    Reached reached{&app, app.get_name()};
    for (;;) {
        const std::vector<CLI::App*> parsed = reached.command->get_subcommands();
        if (parsed.empty()) {
            return reached;
        }
        reached.command = parsed.front();
        reached.name += " " + reached.command->get_name();
        ++reached.depth;
    }
}

bool takes_value(const CLI::App& app, std::string_view word) {
    const CLI::Option* option = app.get_option_no_throw(std::string(word));
    return option != nullptr && option->get_type_size() > 0;
}

// The word that stands where a command should: no flag, no flag's value, and behind the `depth`
// commands that were understood.
std::string_view misplaced_word(
    const CLI::App& app, std::span<const char* const> words, std::size_t depth
) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with('-')) {
            if (depth == 0) {
                return word;
            }
            --depth;
            continue;
        }
        if (takes_value(app, word)) {
            ++i;
        }
    }
    return {};
}

// The first word before `end` that is written as a long flag and is none.
std::string_view unknown_flag(
    const CLI::App& app,
    const Reached& reached,
    std::span<const char* const> words,
    std::string_view end
) {
    for (const std::string_view word : words) {
        if (word.data() == end.data()) {
            break;
        }
        const std::string name(word.substr(0, word.find('=')));
        if (word.size() > 2 && word.starts_with("--") && app.get_option_no_throw(name) == nullptr &&
            reached.command->get_option_no_throw(name) == nullptr) {
            return word;
        }
    }
    return {};
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
    }
    return names;
}

std::vector<std::string> names_of_flags(const CLI::App& app, const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::App* owner : {&command, &app}) {
        for (const CLI::Option* option : owner->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                names.push_back("--" + name);
            }
        }
    }
    return names;
}

// "did you mean 'x'? " or nothing.
std::string suggestion(std::string_view wrong, const std::vector<std::string>& names) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = nearest(wrong, known);
    return near.empty() ? std::string() : fmt::format("did you mean '{}'? ", near);
}

Error no_command(const Reached& reached, std::string_view word) {
    const std::string see = fmt::format("`{} --help` lists the commands", reached.name);
    if (word.empty()) {
        return Error(
                   ErrorCode::usage,
                   reached.depth == 0 ? "no command was given"
                                      : fmt::format("{} needs a command", reached.name)
        )
            .help(see);
    }
    return Error(
               ErrorCode::usage,
               fmt::format("{} has no command '{}'", reached.name, printable(word))
    )
        .help(suggestion(word, names_of_commands(*reached.command)) + see);
}

Error unexpected_word(const CLI::App& app, const Reached& reached, const std::string& word) {
    const std::string see = fmt::format("`{} --help` shows flags and examples", reached.name);
    if (!word.starts_with('-')) {
        return Error(
                   ErrorCode::usage,
                   fmt::format(
                       "{} does not know what to do with '{}'", reached.name, printable(word)
                   )
        )
            .help(see);
    }
    const std::string flag = word.substr(0, word.find('='));
    return Error(
               ErrorCode::usage, fmt::format("{} has no flag '{}'", reached.name, printable(flag))
    )
        .help(suggestion(flag, names_of_flags(app, *reached.command)) + see);
}

std::string in_house_style(std::string text) {
    text = text.substr(0, text.find('\n'));
    if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

}  // namespace

Error explain_call(
    const CLI::App& app, const CLI::ParseError& refusal, std::span<const char* const> words
) {
    const Reached reached = reached_command(app);
    if (!names_of_commands(*reached.command).empty()) {
        const std::string_view misplaced = misplaced_word(app, words, reached.depth);
        const std::string_view flag = unknown_flag(app, reached, words, misplaced);
        return flag.empty() ? no_command(reached, misplaced)
                            : unexpected_word(app, reached, std::string(flag));
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&refusal) != nullptr) {
        const std::vector<std::string> extras = app.remaining(true);
        if (!extras.empty()) {
            return unexpected_word(app, reached, extras.front());
        }
    }
    return Error(
               ErrorCode::usage, fmt::format("{}: {}", reached.name, in_house_style(refusal.what()))
    )
        .help(fmt::format("`{} --help` shows flags and examples", reached.name));
}

}  // namespace quern::cli
