// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Scripts for three shells, made from the same definitions that the command line is parsed by. File
// names are the fallback everywhere.

#include "cli/command.hpp"
#include "cli/terminal.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string_view>

namespace quern::cli {
namespace {

/// A command with what may stand behind it.
struct Words {
    std::string path;  ///< "build", "image build"; empty: the program
    std::string description;
    std::vector<std::string> flags;
    std::vector<Words> below;
};

std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) {
            continue;
        }
        for (const std::string& name : option->get_lnames()) {
            flags.push_back("--" + name);
        }
        for (const std::string& name : option->get_snames()) {
            flags.push_back("-" + name);
        }
    }
    return flags;
}

Words words_of(const CLI::App& app, const std::string& path, const std::string& description) {
    Words words{path, description, flags_of(app), {}};
    for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
        words.below.push_back(
            words_of(*below, path + " " + below->get_name(), below->get_description())
        );
    }
    return words;
}

Words all_words() {
    CLI::App global;
    GlobalOptions options;
    add_global_flags(global, options);
    Words all{{}, {}, flags_of(global), {}};
    for (const CommandDefinition& definition : command_definitions()) {
        CLI::App app;
        const Run run = definition.define(app);
        all.below.push_back(words_of(app, definition.name, definition.description));
    }
    return all;
}

std::string_view last_word(const Words& words) {
    const std::string_view path = words.path;
    return path.substr(path.rfind(' ') + 1);
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string names_below(const Words& words) {
    std::vector<std::string> names;
    for (const Words& each : words.below) {
        names.emplace_back(last_word(each));
    }
    return joined(names);
}

/// Between single quotes; `quote` is how the shell writes one there.
std::string quoted(std::string_view text, std::string_view quote) {
    std::string result = "'";
    for (const char c : text) {
        result += c == '\'' ? std::string(quote) : std::string(1, c);
    }
    return result + "'";
}

/// Patterns of `case` that lead from what was read to the next command: "|build|image".
void add_steps(const Words& words, std::string& patterns) {
    for (const Words& each : words.below) {
        patterns +=
            fmt::format("{}\"{}|{}\"", patterns.empty() ? "" : " | ", words.path, last_word(each));
        add_steps(each, patterns);
    }
}

/// The loop that finds the command on the line; bash and zsh read it alike.
std::string find_command(const Words& all, std::string_view line) {
    std::string patterns;
    add_steps(all, patterns);
    return fmt::format(
        "    for word in {}; do\n"
        "        case \"$called|$word\" in\n"
        "            {}) called=\"${{called:+$called }}$word\" ;;\n"
        "        esac\n"
        "    done\n",
        line,
        patterns
    );
}

void add_bash_cases(const Words& words, const std::string& global, std::string& cases) {
    const std::string flags = words.path.empty() ? global : joined(words.flags) + " " + global;
    cases += fmt::format(
        "        \"{}\") names=\"{}\" flags=\"{}\" ;;\n", words.path, names_below(words), flags
    );
    for (const Words& each : words.below) {
        add_bash_cases(each, global, cases);
    }
}

std::string bash_script(const Words& all) {
    std::string cases;
    add_bash_cases(all, joined(all.flags), cases);
    return fmt::format(
        "_quern() {{\n"
        "    local current=\"${{COMP_WORDS[COMP_CWORD]}}\" called=\"\" word names=\"\" flags=\"\"\n"
        "{}"
        "    case \"$called\" in\n{}    esac\n"
        "    case \"$current\" in\n"
        "        -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$current\")) ;;\n"
        "        *) COMPREPLY=($(compgen -W \"$names\" -- \"$current\")) ;;\n"
        "    esac\n"
        "}}\n"
        "complete -o default -F _quern quern\n",
        find_command(all, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\""),
        cases
    );
}

void add_zsh_cases(const Words& words, const std::string& global, std::string& cases) {
    std::string names;
    for (const Words& each : words.below) {
        names += fmt::format(
            " {}", quoted(fmt::format("{}:{}", last_word(each), each.description), "'\\''")
        );
    }
    const std::string flags = words.path.empty() ? global : joined(words.flags) + " " + global;
    cases += fmt::format(
        "        \"{}\") names=({}) flags=({}) ;;\n",
        words.path,
        names.empty() ? "" : names.substr(1),
        flags
    );
    for (const Words& each : words.below) {
        add_zsh_cases(each, global, cases);
    }
}

std::string zsh_script(const Words& all) {
    std::string cases;
    add_zsh_cases(all, joined(all.flags), cases);
    return fmt::format(
        "#compdef quern\n"
        "_quern() {{\n"
        "    local -a names flags\n"
        "    local called=\"\" word\n"
        "{}"
        "    case \"$called\" in\n{}    esac\n"
        "    if [[ \"$PREFIX\" == -* ]]; then\n"
        "        compadd -- $flags\n"
        "    elif (( $#names )); then\n"
        "        _describe command names\n"
        "    else\n"
        "        _files\n"
        "    fi\n"
        "}}\n"
        "compdef _quern quern\n",
        find_command(all, "${words[2,CURRENT-1]}"),
        cases
    );
}

std::string fish_flag(const std::string& flag) {
    const bool is_long = flag.starts_with("--");
    return fmt::format("-{} {}", is_long ? "l" : "s", flag.substr(is_long ? 2 : 1));
}

std::string fish_description(const Words& words) {
    return quoted(words.description, "\\'");
}

/// `seen` is the condition that this command stands on the line.
void add_fish_lines(const Words& words, const std::string& seen, std::string& text) {
    for (const std::string& flag : words.flags) {
        text += fmt::format("complete -c quern -n '{}' {}\n", seen, fish_flag(flag));
    }
    const std::string names = names_below(words);
    for (const Words& each : words.below) {
        text += fmt::format(
            "complete -c quern -n '{}; and not __fish_seen_subcommand_from {}' -f -a {} -d {}\n",
            seen,
            names,
            last_word(each),
            fish_description(each)
        );
        add_fish_lines(
            each, fmt::format("{}; and __fish_seen_subcommand_from {}", seen, last_word(each)), text
        );
    }
}

std::string fish_script(const Words& all) {
    std::string text;
    for (const std::string& flag : all.flags) {
        text += fmt::format("complete -c quern {}\n", fish_flag(flag));
    }
    std::string groups;  // commands with others below, whose names may be those of commands
    for (const Words& words : all.below) {
        groups += words.below.empty() ? "" : " " + words.path;
    }
    for (const Words& words : all.below) {
        text += fmt::format(
            "complete -c quern -n __fish_use_subcommand -f -a {} -d {}\n",
            words.path,
            fish_description(words)
        );
        std::string seen = "__fish_seen_subcommand_from " + words.path;
        if (words.below.empty() && !groups.empty()) {
            seen += "; and not __fish_seen_subcommand_from" + groups;
        }
        add_fish_lines(words, seen, text);
    }
    return text;
}

}  // namespace

Run define_completion(CLI::App& app) {
    const auto shell = std::make_shared<std::string>();
    add_option(app, "shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(one_of({"bash", "zsh", "fish"}));
    return [shell](const Invocation&) -> Result<void> {
        const Words all = all_words();
        return print(
            *shell == "bash"  ? bash_script(all)
            : *shell == "zsh" ? zsh_script(all)
                              : fish_script(all)
        );
    };
}

}  // namespace quern::cli
