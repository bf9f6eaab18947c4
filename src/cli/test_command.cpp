// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/session.hpp"
#include "cli/step_flags.hpp"
#include "cli/terminal.hpp"
#include "cli/test_flags.hpp"
#include "quern/plan.hpp"
#include "quern/test.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct TestCommandFlags {
    RecipeFlags recipe;
    EnvironmentFlags environment;
    StepFlags step;
    TestFlags test;
    std::string cache_directory;
    std::vector<std::string> accepted;
};

std::string_view verdict(const build::TestResult& result) {
    return !result.was_run ? "skip" : result.failure ? "FAIL" : "ok";
}

std::string to_text(const build::TestReport& report) {
    std::string text;
    for (const build::TestResult& result : report.results) {
        text += fmt::format("{:<4} {} {}\n", verdict(result), report.architecture, result.package);
    }
    return text;
}

nlohmann::ordered_json to_json(const build::TestReport& report) {
    nlohmann::ordered_json results = nlohmann::ordered_json::array();
    for (const build::TestResult& result : report.results) {
        results.push_back({
            {"package", result.package},
            {"outcome", verdict(result)},
            {"milliseconds", result.duration.count()},
            {"message", result.failure ? result.failure->message() : ""},
            {"log", result.log.string()},
        });
    }
    return {
        {"recipe", report.recipe_package},
        {"version", report.version},
        {"architecture", report.architecture},
        {"results", results},
    };
}

Result<build::TestOptions> test_options(
    const TestCommandFlags& flags, const Invocation& invocation
) {
    build::TestOptions options;
    QUERN_TRY(options.recipe, find_recipe(flags.recipe));
    if (flags.recipe.config.size() > 1) {
        options.package = flags.recipe.config[1];
    }
    options.environment = environment_options(flags.environment);
    options.run = test_run_options(flags.test, flags.step, invocation);
    options.run.cache_directory = flags.cache_directory;
    QUERN_TRY(options.run.secrets, secret_files(flags.step));
    options.run.source_directory = flags.step.source_directory;
    options.shell_check = flags.recipe.shell_check;
    return options;
}

Result<std::vector<build::TestReport>> run_all(
    const TestCommandFlags& flags, build::TestOptions options, Session& session
) {
    warn_of_missing_pipelines(flags.recipe, session.reporter());
    if (!flags.cache_directory.empty()) {
        const std::filesystem::path named = flags.cache_directory;
        warn_of_missing("--cache-dir", {&named, 1}, session.reporter());
    }
    pipeline::Library library(pipeline_directories(flags.recipe), session.reader());
    const build::Services services = session.services(library);
    std::vector<build::TestReport> reports;
    for (const std::string& architecture : chosen_architectures(flags.recipe.architectures)) {
        QUERN_TRY(options.load, load_options(flags.recipe, architecture));
        options.run.workspace_directory = flags.step.workspace_directory;
        if (!flags.step.workspace_directory.empty()) {
            options.run.workspace_directory /= architecture;
        }
        QUERN_TRY(build::TestReport report, build::test(options, services));
        if (!report.is_skipped) {
            reports.push_back(std::move(report));
        }
    }
    return reports;
}

Result<void> run_test(const TestCommandFlags& flags, const Invocation& invocation) {
    SessionOptions session_options;
    session_options.needs_guest = true;
    session_options.runner = flags.step.runner;
    session_options.offline = flags.environment.offline;
    if (!flags.cache_directory.empty()) {
        session_options.content_directories = {std::filesystem::absolute(flags.cache_directory)};
    }
    QUERN_TRY(const auto session, Session::create(invocation, session_options));
    QUERN_TRY(build::TestOptions options, test_options(flags, invocation));
    QUERN_TRY(const auto reports, run_all(flags, std::move(options), *session));
    std::string text;
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    std::optional<Error> failure;
    for (const build::TestReport& report : reports) {
        text += to_text(report);
        json.push_back(to_json(report));
        failure = failure ? std::move(failure) : report.failure();
    }
    QUERN_CHECK(write_junit(flags.test, reports));
    QUERN_CHECK(print(invocation.global.format == "json" ? to_json_text(json) : text));
    if (failure) {
        return std::move(*failure);
    }
    if (text.empty()) {
        session->reporter().note("the recipe has no tests");
    }
    return {};
}

}  // namespace

Run define_test(CLI::App& app) {
    const auto flags = std::make_shared<TestCommandFlags>();
    add_recipe_flags(app, flags->recipe);
    add_environment_flags(app, flags->environment, "--test-package-append");
    add_step_flags(app, flags->step);
    add_option(
        app,
        "--source-dir",
        flags->step.source_directory,
        "tree copied in the workspace of each test; default: nothing is copied"
    );
    add_test_flags(app, flags->test);
    add_option(
        app,
        "--cache-dir",
        flags->cache_directory,
        "seen by tests at /var/cache/melange; sources by checksum (sha256:HEX) are taken from it"
    );
    add_list(app, "--test-option", flags->accepted, "accepted, unused")->group("");
    return [flags](const Invocation& invocation) { return run_test(*flags, invocation); };
}

}  // namespace quern::cli
