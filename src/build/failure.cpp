// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/failure.hpp"

#include "quern/index.hpp"
#include "support/child_process.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace quern::build {
namespace {

constexpr std::size_t named_packages = 5;
constexpr std::size_t named_programs = 3;

// "sh: x: not found" (ash), "bash: line 3: x: command not found", "sh: 3: x: not found" (dash).
std::string_view before(std::string_view line, std::string_view suffix) {
    if (!line.ends_with(suffix)) {
        return {};
    }
    line.remove_suffix(suffix.size());
    const std::size_t colon = line.rfind(": ");
    return colon == std::string_view::npos ? std::string_view() : line.substr(colon + 2);
}

// "env: 'python3': No such file or directory", with quotes of any kind or none.
std::string_view named_by_env(std::string_view line) {
    constexpr std::string_view suffix = ": No such file or directory";
    const bool is_env = line.starts_with("env: ") || line.find("/env: ") != std::string_view::npos;
    if (!is_env || !line.ends_with(suffix)) {
        return {};
    }
    std::string_view name = line.substr(line.find("env: ") + 5);
    name.remove_suffix(suffix.size());
    for (const std::string_view quote : {"'", "\"", "\xe2\x80\x98", "\xe2\x80\x99"}) {
        if (name.starts_with(quote)) {
            name.remove_prefix(quote.size());
        }
        if (name.ends_with(quote)) {
            name.remove_suffix(quote.size());
        }
    }
    return name;
}

bool is_program_name(std::string_view name) {
    return !name.empty() && name.size() < 256 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '+' ||
                      c == '/';
           });
}

std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string advice_on(const std::string& program, const StepSettings& settings) {
    const std::string quoted = printable(program);
    std::vector<std::string> packages =
        packages_with(base_name(program), settings.indexes, named_packages + 1);
    if (packages.empty()) {
        return fmt::format(
            "no package of the repositories in use provides cmd:{0}; name another repository with "
            "--repository-append, or the package that has '{0}' in environment.contents.packages\n",
            quoted
        );
    }
    const bool has_more = packages.size() > named_packages;
    packages.resize(std::min(packages.size(), named_packages));
    return fmt::format(
        "'{}' is in {}{}: add {} to environment.contents.packages\n",
        quoted,
        join(packages, ", "),
        has_more ? " and others" : "",
        packages.size() == 1 ? "it" : "one"
    );
}

// The line that the script left behind when it ended, counted from the step's first.
std::optional<std::size_t> failed_line(const ExecuteContext& context) {
    constexpr std::uint64_t limit = 64;
    const auto root = FileTree::open(context.guest.root);
    const auto text =
        root ? root->read(failed_line_file, limit) : Result<std::string>(root.error());
    const auto number = text ? parse_unsigned(trim(*text)) : std::nullopt;
    if (!number || *number <= script_prefix_lines) {
        return std::nullopt;
    }
    return *number - script_prefix_lines;
}

std::string shell_line(const pipeline::Step& step, const ExecuteContext& context) {
    const auto number = failed_line(context);
    const std::vector<std::string_view> lines = split(step.script, '\n');
    if (!number || *number > lines.size()) {
        return {};
    }
    constexpr std::size_t shown = 120;
    const std::string text = printable(trim(lines[*number - 1]));
    return fmt::format(
        ", near line {} of its script: {}{}",
        *number,
        text.substr(0, shown),
        text.size() > shown ? "..." : ""
    );
}

std::string command_line(const StepSettings& settings) {
    std::vector<std::string> words;
    for (const std::string& word : settings.command_line) {
        words.push_back(shell_quote(redact_url(word)));
    }
    return words.empty() ? fmt::format("quern {} {}", settings.command, settings.recipe.string())
                         : join(words, " ");
}

std::string next_moves(const ExecuteContext& context) {
    const StepSettings& settings = context.settings;
    const auto programs = missing_programs(context.log.last_lines());
    std::string text;
    for (std::size_t i = 0; i < std::min(programs.size(), named_programs); ++i) {
        text += advice_on(programs[i], settings);
    }
    text += ownership_hint(context.log.last_lines(), settings.has_single_id);
    text += fmt::format("the whole log is in {}\n", context.log.path().string());
    // A guest with a base is a copy, which is gone with the build.
    if (context.guest.base.empty()) {
        text += "`quern enter` opens a shell in the guest as the step left it\n";
    }
    text += "`quern retry` does it again; a shell where it fails: " + command_line(settings);
    return text + (settings.interactive ? "" : " --interactive");
}

std::string definition_place(const pipeline::Step& step) {
    if (step.origin.size() < 2 || step.origin.front().file == nullptr) {
        return {};
    }
    const Span& where = step.origin.front();
    return fmt::format(" ({}:{})", where.file->name(), where.file->position(where.begin).line);
}

}  // namespace

std::string place_of(const pipeline::Step& step) {
    if (step.origin.empty() || step.origin.back().file == nullptr) {
        return {};
    }
    const Span& where = step.origin.back();
    return fmt::format("{}:{}", where.file->name(), where.file->position(where.begin).line);
}

std::vector<std::string> missing_programs(std::string_view lines) {
    std::vector<std::string> programs;
    for (std::string_view line : split(lines, '\n')) {
        if (line.starts_with(kept_line_prefix)) {
            line.remove_prefix(kept_line_prefix.size());
        }
        std::string_view name = before(line, ": command not found");
        name = name.empty() ? before(line, ": not found") : name;
        name = name.empty() ? named_by_env(trim(line)) : name;
        if (is_program_name(name) &&
            std::find(programs.begin(), programs.end(), name) == programs.end()) {
            programs.emplace_back(name);
        }
    }
    return programs;
}

std::vector<std::string> packages_with(
    std::string_view program,
    std::span<const repository::RepositoryIndex> indexes,
    std::size_t limit
) {
    const std::string wanted = fmt::format("cmd:{}", program);
    std::set<std::string> names;
    for (const repository::RepositoryIndex& repository : indexes) {
        const apk::IndexTable& table = repository.packages;
        for (std::size_t i = 0; i < table.size(); ++i) {
            const auto [first, end] = table.provided_range(i);
            for (std::size_t k = first; k < end; ++k) {
                if (table.name(table.provided(k).name_number).text == wanted) {
                    names.emplace(table.row(i).name);
                }
            }
        }
    }
    std::vector<std::string> sorted(names.begin(), names.end());
    sorted.resize(std::min(sorted.size(), limit));
    return sorted;
}

std::string memory_hint(std::string_view output, const sandbox::Limits& limits) {
    static constexpr std::array<std::string_view, 5> complaints = {
        "annot allocate memory",
        "ut of memory",
        "std::bad_alloc",
        "memory exhausted",
        "MemoryError"};
    const bool is_short =
        std::any_of(complaints.begin(), complaints.end(), [&](std::string_view complaint) {
            return output.find(complaint) != std::string::npos;
        });
    if (limits.memory_bytes == 0 || !is_short) {
        return {};
    }
    return fmt::format(
        "each process may use {} of memory; --memory or package.resources.memory of the recipe "
        "sets "
        "it\n",
        human_size(limits.memory_bytes)
    );
}

std::string ownership_hint(std::string_view output, bool has_single_id) {
    static constexpr std::array<std::string_view, 4> programs = {
        "chown: ", "chgrp: ", "changing ownership of ", "cannot change ownership "};
    const auto lines = split(output, '\n');
    const auto has_failed = [&](std::string_view cause) {
        return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
            return line.ends_with(cause) &&
                   std::any_of(programs.begin(), programs.end(), [&](std::string_view program) {
                       return line.find(program) != std::string_view::npos;
                   });
        });
    };
    if (has_single_id && has_failed("Operation not supported")) {
        return "this user has a single id, so owners are noted beside files, and the file system "
               "of --cache-root keeps no such notes: name a place on another one\n";
    }
    if (has_single_id && has_failed("Invalid argument")) {
        return "this user has a single id, and either nothing here can note owners in place of it, "
               "or the id is above 65535: `quern doctor` says how to get a range of ids\n";
    }
    return {};
}

Error step_failure(
    const pipeline::Step& step, const ExecuteContext& context, const ExitStatus& status
) {
    const std::string place = place_of(step);
    const std::string lines = context.log.last_lines();
    std::string message = fmt::format(
        "{}step '{}' of {}{} failed: {}{}",
        place.empty() ? "" : place + ": ",
        step.name,
        step.package,
        definition_place(step),
        status.describe(),
        shell_line(step, context)
    );
    message += lines.empty() ? "\nit printed nothing"
                             : "\nits last lines were\n" + lines.substr(0, lines.size() - 1);
    const std::string earlier = context.log.earlier_lines();
    if (!earlier.empty()) {
        message += "\nsteps before it printed\n" + earlier.substr(0, earlier.size() - 1);
    }
    return Error(ErrorCode::step_failed, std::move(message))
        .help(memory_hint(lines, context.settings.limits) + next_moves(context));
}

}  // namespace quern::build
