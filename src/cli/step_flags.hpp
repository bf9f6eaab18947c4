// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/index_flags.hpp"
#include "quern/build.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace quern::cli {

/// Flags of commands whose steps run in an environment made of packages.
struct EnvironmentFlags {
    std::vector<std::string> keyring, repositories, packages;
    bool ignore_signatures = false, offline = false;
    std::string accepted_text;
    std::string key_discovery = "auto";
    std::uint64_t resolve_timeout = default_resolve_timeout;
};
/// `package_flag` adds packages to the environment.
void add_environment_flags(CLI::App& app, EnvironmentFlags& flags, const std::string& package_flag);
build::EnvironmentOptions environment_options(const EnvironmentFlags& flags);

/// Flags that say how steps run.
struct StepFlags {
    std::string source_directory, workspace_directory, network = "none", runner;
    std::string cache_scope = "all", cache_trust = "read-write";
    int processes = 0;
    std::vector<std::string> secrets;
    std::string accepted_text;
    bool remove = true, debug = false, interactive = false, accepted = false;
};
void add_step_flags(CLI::App& app, StepFlags& flags);
void add_runner_flag(CLI::App& app, std::string& runner);
/// `--secret id=NAME,src=FILE` by name. Errors: usage.
Result<std::map<std::string, std::filesystem::path>> secret_files(const StepFlags& flags);

}  // namespace quern::cli
