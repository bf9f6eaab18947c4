// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// CLI11's own add_option is a template that costs each file that calls it seconds of compilation.
// These few overloads are all that commands use; they are instantiated once, in flags.cpp.

namespace quern::cli {

/// Adds an option named `name` ("-s,--long", or a bare word for a positional) that is stored in
/// `target`, which outlives the parse.
CLI::Option* add_option(
    CLI::App& app, const std::string& name, std::string& target, const std::string& description
);
CLI::Option* add_option(
    CLI::App& app,
    const std::string& name,
    std::filesystem::path& target,
    const std::string& description
);
CLI::Option* add_option(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
);
CLI::Option* add_option(
    CLI::App& app, const std::string& name, int& target, const std::string& description
);
CLI::Option* add_option(
    CLI::App& app, const std::string& name, std::uint64_t& target, const std::string& description
);

/// Adds a flag without a value; `--flag=false` unsets it.
CLI::Option* add_flag(
    CLI::App& app, const std::string& name, bool& target, const std::string& description
);

/// Adds a flag whose uses are counted.
CLI::Option* add_flag(
    CLI::App& app, const std::string& name, int& target, const std::string& description
);

/// A list flag as the peers have it: comma-separated and repeatable.
CLI::Option* add_list(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
);

/// For `check`: refuses values that are not among `values`; --help shows them.
CLI::Validator one_of(const std::vector<std::string>& values);

/// For `check`: refuses numbers outside `lowest` to `highest`, both allowed.
CLI::Validator within(int lowest, int highest);

}  // namespace quern::cli
