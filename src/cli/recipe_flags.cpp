// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/recipe_flags.hpp"

#include "quern/package_info.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>
#include <system_error>

namespace quern::cli {

void add_recipe_flags(CLI::App& app, RecipeFlags& flags) {
    add_option(
        app, "config", flags.config, "the recipe; without it melange.yaml or .melange.yaml here"
    );
    add_list(
        app,
        "--arch",
        flags.architectures,
        "architectures: apk or OCI names, 'host', 'all'; default: this machine's"
    );
    add_list(app, "--build-option", flags.build_options, "enable entries of the recipe's options");
    add_list(
        app,
        "--env-file",
        flags.env_files,
        "dotenv files merged under environment.environment; the first wins"
    );
    add_option(app, "--vars-file", flags.vars_file, "YAML map merged over vars");
    add_option(
        app, "--pipeline-dir", flags.pipeline_directory, "directory searched first for `uses:`"
    );
    add_list(
        app,
        "--pipeline-dirs",
        flags.pipeline_directories,
        "more directories, searched after --pipeline-dir"
    );
    add_option(
        app,
        "--git-commit",
        flags.git_commit,
        "commit of the recipe; default: HEAD of the repository that holds it"
    );
    add_option(
        app,
        "--override-host-triplet-libc-substitution-flavor",
        flags.libc_flavor,
        "suffix of host.triplet.*"
    )
        ->capture_default_str();
    add_option(
        app,
        "--timeout",
        flags.timeout,
        "bound on the whole build: 1h30m; overrides package.timeout"
    );
    add_flag(
        app,
        "--shell-check,!--no-shell-check",
        flags.shell_check,
        "let bash look for mistakes in scripts before anything runs"
    );
    add_option(app, "--cpu", flags.cpu, "most processors of a step: 4, 500m");
    add_option(app, "--cpumodel", flags.cpu_model, "overrides package.resources.cpumodel");
    add_option(app, "--memory", flags.memory, "most memory of a step: 8Gi");
    add_option(app, "--disk", flags.disk, "most that all steps of a build or a test write: 50Gi");
}

Result<void> expect_recipe(const std::filesystem::path& path) {
    std::error_code failure;
    if (std::filesystem::exists(path, failure)) {
        return {};
    }
    const bool is_link = std::filesystem::is_symlink(path, failure);
    return Error(
               ErrorCode::not_found,
               fmt::format(
                   "there is no recipe {}{}",
                   printable(path.string()),
                   is_link ? ": the link leads nowhere" : ""
               )
    )
        .help("name the file of a recipe: hello/melange.yaml");
}

Result<std::filesystem::path> find_recipe(const RecipeFlags& flags) {
    std::error_code failure;
    if (!flags.config.empty()) {
        std::filesystem::path named = flags.config.front();
        QUERN_CHECK(expect_recipe(named));
        return named;
    }
    for (const char* name : {".melange.yaml", ".melange.yml", "melange.yaml", "melange.yml"}) {
        if (std::filesystem::exists(name, failure)) {
            return std::filesystem::path(name);
        }
    }
    return Error(ErrorCode::usage, "no recipe was named and there is no melange.yaml here")
        .help("name one: quern build hello/melange.yaml");
}

std::vector<std::string> chosen_architectures(const std::vector<std::string>& words) {
    if (words.empty()) {
        return {apk::host_architecture()};
    }
    if (words.size() == 1 && words[0] == "all") {
        return apk::known_architectures();
    }
    std::set<std::string> chosen;
    for (const std::string& word : words) {
        chosen.insert(word == "host" ? apk::host_architecture() : apk::to_apk_architecture(word));
    }
    return {chosen.begin(), chosen.end()};
}

std::vector<std::filesystem::path> pipeline_directories(const RecipeFlags& flags) {
    std::vector<std::filesystem::path> directories;
    if (!flags.pipeline_directory.empty()) {
        directories.emplace_back(flags.pipeline_directory);
    }
    directories.insert(
        directories.end(), flags.pipeline_directories.begin(), flags.pipeline_directories.end()
    );
    return directories;
}

void warn_of_missing(
    std::string_view flag, std::span<const std::filesystem::path> directories, Reporter& reporter
) {
    for (const std::filesystem::path& directory : directories) {
        std::error_code failure;
        if (!std::filesystem::is_directory(directory, failure)) {
            reporter.warning(fmt::format(
                "{} {}: there is no such directory, so nothing is taken from it",
                flag,
                printable(directory.string())
            ));
        }
    }
}

void warn_of_missing_pipelines(const RecipeFlags& flags, Reporter& reporter) {
    if (!flags.pipeline_directory.empty()) {
        const std::filesystem::path first = flags.pipeline_directory;
        warn_of_missing("--pipeline-dir", {&first, 1}, reporter);
    }
    const std::vector<std::filesystem::path> more(
        flags.pipeline_directories.begin(), flags.pipeline_directories.end()
    );
    warn_of_missing("--pipeline-dirs", more, reporter);
}

Result<std::chrono::nanoseconds> parse_duration(const std::string& text) {
    static constexpr std::array<std::pair<std::string_view, double>, 6> units = {{
        {"ns", 1.0},
        {"us", 1e3},
        {"ms", 1e6},
        {"s", 1e9},
        {"m", 6e10},
        {"h", 3.6e12},
    }};
    const Error wrong =
        Error(ErrorCode::usage, fmt::format("'{}' is no length of time", printable(text)))
            .help("write 90s, 15m or 1h30m");
    if (const auto seconds = parse_unsigned(text); seconds && *seconds < 1'000'000'000) {
        return std::chrono::nanoseconds(std::chrono::seconds(static_cast<std::int64_t>(*seconds)));
    }
    double total = 0;
    const char* rest = text.c_str();
    while (*rest != '\0') {
        char* end = nullptr;
        const double number = std::strtod(rest, &end);
        std::size_t length = 0;
        while (std::isalpha(static_cast<unsigned char>(end[length])) != 0) {
            ++length;
        }
        const std::string_view name(end, length);
        const auto* unit = std::find_if(units.begin(), units.end(), [&](const auto& u) {
            return u.first == name;
        });
        if (end == rest || unit == units.end() || !std::isfinite(number) || number < 0) {
            return wrong;
        }
        total += number * unit->second;
        rest = end + length;
    }
    constexpr double century = 3.2e18;
    if (text.empty() || total > century) {
        return wrong;
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

Result<recipe::LoadOptions> load_options(
    const RecipeFlags& flags, const std::string& architecture
) {
    recipe::LoadOptions options;
    options.architecture = architecture;
    options.build_options = flags.build_options;
    options.env_files.assign(flags.env_files.begin(), flags.env_files.end());
    options.vars_file = flags.vars_file;
    options.commit = flags.git_commit;
    options.libc_flavor = flags.libc_flavor;
    if (!flags.timeout.empty()) {
        QUERN_TRY(options.timeout, parse_duration(flags.timeout));
    }
    options.resources = {flags.cpu, flags.cpu_model, flags.memory, flags.disk};
    return options;
}

}  // namespace quern::cli
