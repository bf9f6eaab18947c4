// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags.hpp"
#include "cli/limit_flags.hpp"
#include "quern/error.hpp"
#include "support/cancel.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace quern::cli {

/// Flags that every command takes.
struct GlobalOptions {
    std::string log_level = "info";
    std::string format = "text";  ///< text or json
    std::filesystem::path cache_directory;
    std::string color = "auto";  ///< auto, always or never
    std::size_t threads = 0;     ///< 0: one a processor
    int verbosity = 0;           ///< -v, -vv
    bool quiet = false;
    bool accepted = false;   ///< flags of the peers that do nothing here
    bool single_id = false;  ///< as if this machine had no newuidmap
    InputLimits limits;
};

/// What a command gets when it runs.
struct Invocation {
    const GlobalOptions& global;
    CancelToken& cancel;
    std::vector<std::string> words;  ///< of the command line, the program's name first
};

/// Runs a command that has been parsed. Errors become one message and an exit status in `main`.
using Run = std::function<Result<void>(const Invocation& invocation)>;

/// One command: adds its flags to `app` and gives what runs it.
struct CommandDefinition {
    const char* name;
    const char* group;        ///< heading in `quern --help`
    const char* description;  ///< one line
    const char* examples;     ///< shown behind --help
    Run (*define)(CLI::App& app);
    const char* alias = nullptr;  ///< another name that is taken too
};

/// All commands in the order of `quern --help`.
const std::vector<CommandDefinition>& command_definitions();

Run define_build(CLI::App& app);
Run define_test(CLI::App& app);
Run define_retry(CLI::App& app);
Run define_check(CLI::App& app);
Run define_source(CLI::App& app);
Run define_update_cache(CLI::App& app);
Run define_compile(CLI::App& app);
Run define_schema(CLI::App& app);
Run define_query(CLI::App& app);
Run define_bump(CLI::App& app);
Run define_package_version(CLI::App& app);
Run define_index(CLI::App& app);
Run define_sign(CLI::App& app);
Run define_sign_index(CLI::App& app);
Run define_verify(CLI::App& app);
Run define_show(CLI::App& app);
Run define_resolve(CLI::App& app);
Run define_keygen(CLI::App& app);
Run define_cache(CLI::App& app);
Run define_lock(CLI::App& app);
Run define_diff(CLI::App& app);
Run define_lint(CLI::App& app);
Run define_scan(CLI::App& app);
Run define_seed(CLI::App& app);
Run define_convert(CLI::App& app);
Run define_image(CLI::App& app);
Run define_enter(CLI::App& app);
Run define_doctor(CLI::App& app);
Run define_version(CLI::App& app);
Run define_completion(CLI::App& app);
Run define_manual(CLI::App& app);

/// Adds commands below `app`; the one that a parse finds is put in `chosen`, which outlives it.
/// Only commands that are among `words`, those of the call, have their flags made; empty: all.
void add_commands(
    CLI::App& app,
    std::span<const CommandDefinition> definitions,
    std::span<const char* const> words,
    Run& chosen
);

/// Adds the flags that every command takes.
void add_global_flags(CLI::App& app, GlobalOptions& global);

/// Text of quern(1) in man(7) format; `global` holds the flags of every command.
std::string manual_page(const CLI::App& global);

}  // namespace quern::cli
