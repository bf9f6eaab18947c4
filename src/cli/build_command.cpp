// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/build_report.hpp"
#include "cli/command.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/session.hpp"
#include "cli/step_flags.hpp"
#include "cli/terminal.hpp"
#include "cli/test_flags.hpp"
#include "cli/twice_report.hpp"
#include "fetch/git.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "repository/lock_file.hpp"
#include "repository/publish_v3.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

constexpr const char* default_cache_directory = "melange-cache";

struct BuildFlags {
    RecipeFlags recipe;
    EnvironmentFlags environment;
    std::string lock_file;
    bool locked = false;
    StepFlags step;
    TestFlags test;
    KeyFlags key;
    std::vector<std::string> test_packages;
    std::string out_directory = "packages";
    std::string cache_directory = default_cache_directory;
    std::string build_date, namespace_name = "unknown",
                            repository_url = "https://unknown/unknown/unknown";
    std::string license, from_step, until_step, save_patch;
    std::string accepted_text;  ///< flags that do nothing here
    int compression_level = 0;
    bool empty_workspace = false, run_tests = false, is_fresh = false;
    bool strip_origin_name = false, update_index = true, persist_lint_results = false;
    bool create_build_log = false, cleanup = true, accepted = false;
    std::vector<std::string> lint_require, lint_warn, sbom_formats, package_formats, caches;
    bool provenance = false, twice = false;
    std::filesystem::path dependency_log;
};

void add_description_flags(CLI::App& app, BuildFlags& flags) {
    add_list(
        app,
        "--sbom-format",
        flags.sbom_formats,
        "spdx, which every package has, and cyclonedx, which is written beside it"
    )
        ->check(one_of({"spdx", "cyclonedx"}));
    add_option(
        app,
        "--dependency-log",
        flags.dependency_log,
        "write what was generated for the last package to FILE.ARCH, as JSON"
    );
    add_flag(
        app,
        "--generate-provenance",
        flags.provenance,
        "write how each package was made beside it (PACKAGE.apk.intoto.jsonl), signed"
    );
}

void add_output_flags(CLI::App& app, BuildFlags& flags) {
    add_option(app, "--signing-key", flags.key.path, "private key that signs packages and index");
    add_signer_flags(app, flags.key);
    add_option(app, "--out-dir", flags.out_directory, "the repository; packages land in DIR/ARCH")
        ->capture_default_str();
    add_flag(
        app,
        "--generate-index",
        flags.update_index,
        "merge the packages in the repository's index (default true)"
    );
    add_option(
        app,
        "--namespace",
        flags.namespace_name,
        "name of the distribution, in package metadata and SBOM"
    )
        ->capture_default_str();
    add_option(
        app,
        "--git-repo-url",
        flags.repository_url,
        "URL of the repository that holds the recipe, for the SBOM"
    );
    add_option(app, "--license", flags.license, "licence of the recipe file itself, for the SBOM");
    add_option(
        app,
        "--build-date",
        flags.build_date,
        "RFC 3339 date of everything made; SOURCE_DATE_EPOCH wins"
    );
    add_flag(
        app, "--strip-origin-name", flags.strip_origin_name, "a subpackage's origin is its own name"
    );
    add_option(
        app,
        "--compression-level",
        flags.compression_level,
        "1 (fast) to 12 (small); 0 is the measured default"
    )
        ->check(within(0, 12));
    add_list(
        app,
        "--package-format",
        flags.package_formats,
        "v2, which is always written; v3 adds packages for apk 3 alone, in OUT_DIR/v3"
    )
        ->check(one_of({"v2", "v3"}));
    add_flag(
        app,
        "--create-build-log",
        flags.create_build_log,
        "append arch|origin|name|version lines to packages.log here"
    );
}

void add_lint_flags(CLI::App& app, BuildFlags& flags) {
    add_list(
        app,
        "--lint-require",
        flags.lint_require,
        "linters that fail the build, instead of the default ones (`quern lint --rules`)"
    );
    add_list(
        app, "--lint-warn", flags.lint_warn, "linters that only warn, instead of the default ones"
    );
    add_flag(
        app,
        "--persist-lint-results",
        flags.persist_lint_results,
        "keep findings as lint-NAME-VERSION.json beside the packages"
    );
}

void add_workspace_flags(CLI::App& app, BuildFlags& flags) {
    add_option(
        app,
        "--source-dir",
        flags.step.source_directory,
        "tree copied in the workspace; default: the recipe's directory"
    );
    add_flag(app, "--empty-workspace", flags.empty_workspace, "copy nothing in the workspace");
    add_option(
        app,
        "--cache-dir",
        flags.cache_directory,
        "seen by steps at /var/cache/melange; sources by checksum (sha256:HEX) are taken from it"
    )
        ->capture_default_str();
    add_list(
        app,
        "--cache",
        flags.caches,
        "caches for steps: ccache or sccache (their package joins the environment and stands in "
        "front of its compilers), go (GOCACHE), or NAME=VARIABLE, which gets the path"
    );
    add_flag(app, "--cleanup", flags.cleanup, "accepted, unused")->group("");
    add_flag(app, "--fail-on-lint-warning", flags.accepted, "accepted, unused")->group("");
    add_option(app, "--trace", flags.accepted_text, "accepted, unused")->group("");
}

void add_range_flags(CLI::App& app, BuildFlags& flags) {
    add_option(
        app,
        "--from",
        flags.from_step,
        "run this step and all behind it, unchanged or not: its number, its name or PACKAGE/NAME"
    );
    add_option(
        app,
        "--until",
        flags.until_step,
        "stop after this step; `quern enter` opens the guest there"
    );
    add_flag(app, "--fresh", flags.is_fresh, "run all steps, unchanged or not");
    add_option(
        app,
        "--save-patch",
        flags.save_patch,
        "as --interactive; what its shell changes of text files in the step's directory goes in "
        "this file, as a patch (-p1)"
    );
    add_flag(
        app,
        "--twice",
        flags.twice,
        "build a second time in other circumstances and publish only if the bytes are the same"
    );
}

void add_build_test_flags(CLI::App& app, BuildFlags& flags) {
    add_flag(
        app,
        "--test",
        flags.run_tests,
        "run the recipe's tests against the packages and publish them only if all pass"
    );
    add_list(
        app, "--test-package-append", flags.test_packages, "packages added to test environments"
    );
    add_test_flags(app, flags.test);
}

// SOURCE_DATE_EPOCH beats --build-date; nothing is 1970. Source: recipe-and-build 6.1.
Result<std::int64_t> source_date(const BuildFlags& flags, Reporter& reporter) {
    if (const char* seconds = std::getenv("SOURCE_DATE_EPOCH"); seconds != nullptr) {
        if (*seconds != '\0') {
            const auto parsed = Timestamp::parse_seconds(seconds);
            if (!parsed) {
                return Error(
                    ErrorCode::usage,
                    fmt::format(
                        "SOURCE_DATE_EPOCH is no number of seconds: '{}'", printable(seconds)
                    )
                );
            }
            return parsed->seconds();
        }
        reporter.warning("SOURCE_DATE_EPOCH is empty and ignored");
    }
    if (flags.build_date.empty()) {
        return std::int64_t{0};
    }
    const auto parsed = Timestamp::parse_rfc3339(flags.build_date);
    if (!parsed || parsed->seconds() < 0) {
        return Error(
                   ErrorCode::usage,
                   fmt::format(
                       "--build-date is no RFC 3339 date from 1970 on: '{}'",
                       printable(flags.build_date)
                   )
        )
            .help("write 2024-05-01T12:00:00Z");
    }
    return parsed->seconds();
}

Result<build::BuildOptions> build_options(const BuildFlags& flags, Session& session) {
    build::BuildOptions options;
    QUERN_TRY(options.recipe, find_recipe(flags.recipe));
    QUERN_TRY(options.source_date, source_date(flags, session.reporter()));
    options.environment = environment_options(flags.environment);
    options.environment.lock_file = flags.lock_file.empty()
                                        ? repository::lock_path_of(options.recipe)
                                        : std::filesystem::path(flags.lock_file);
    options.environment.locked = flags.locked || !flags.lock_file.empty();
    options.out_directory = flags.out_directory;
    options.source_directory = flags.step.source_directory;
    options.empty_workspace = flags.empty_workspace;
    options.keep_workspace = !flags.step.remove;
    options.debug = flags.step.debug;
    options.interactive = flags.step.interactive || !flags.save_patch.empty();
    options.save_patch = flags.save_patch;
    options.network = flags.step.network == "host";
    options.own_caches = flags.step.cache_scope == "recipe";
    options.read_only_caches = flags.step.cache_trust == "read-only";
    options.caches = flags.caches;
    options.processes = static_cast<std::uint32_t>(flags.step.processes);
    options.shell_check = flags.recipe.shell_check;
    options.namespace_name = flags.namespace_name;
    options.repository_url = flags.repository_url;
    options.recipe_license = flags.license;
    options.cache_directory = flags.cache_directory;
    QUERN_TRY(options.secrets, secret_files(flags.step));
    options.skip_foreign = flags.recipe.architectures == std::vector<std::string>{"all"};
    options.from_step = flags.from_step;
    options.until_step = flags.until_step;
    options.is_fresh = flags.is_fresh;
    options.strip_origin_name = flags.strip_origin_name;
    options.update_index = flags.update_index;
    options.compression_level = flags.compression_level;
    options.lint_require = flags.lint_require;
    options.cyclonedx =
        std::find(flags.sbom_formats.begin(), flags.sbom_formats.end(), "cyclonedx") !=
        flags.sbom_formats.end();
    options.provenance = flags.provenance;
    options.dependency_log = flags.dependency_log;
    options.lint_warn = flags.lint_warn;
    options.persist_lint_results = flags.persist_lint_results;
    return options;
}

std::string recipe_commit(
    const BuildFlags& flags, const std::filesystem::path& recipe, Session& session
) {
    if (!flags.recipe.git_commit.empty()) {
        return flags.recipe.git_commit;
    }
    std::error_code failure;
    const std::filesystem::path directory =
        std::filesystem::absolute(recipe, failure).parent_path();
    if (auto commit = fetch::head_commit(session.git(), directory)) {
        return *commit;
    }
    session.reporter().warning(fmt::format(
        "{} is in no git repository; its commit is recorded as 'unknown' (--git-commit sets it)",
        recipe.string()
    ));
    return "unknown";
}

/// Packages of version 3 beside those that were built, if they are asked for; they join the list.
Result<void> add_v3(
    build::BuildReport& report,
    const BuildFlags& flags,
    const build::BuildOptions& options,
    const build::Services& services
) {
    const auto& formats = flags.package_formats;
    if (report.packages.empty() ||
        std::find(formats.begin(), formats.end(), "v3") == formats.end()) {
        return {};
    }
    Activity activity(services.reporter, "writing packages of version 3");
    std::vector<std::filesystem::path> paths;
    for (const build::BuiltPackage& package : report.packages) {
        paths.push_back(package.path);
    }
    QUERN_TRY(
        const auto written,
        repository::publish_v3(
            options.out_directory,
            options.load.architecture,
            paths,
            {.key = options.key,
             .timestamp = Timestamp(options.source_date),
             .compression_level = options.compression_level,
             .pool = &services.pool}
        )
    );
    for (const apk::WrittenPackage& package : written) {
        report.packages.push_back(
            {package.info.name, package.path, package.file_size, package.checksum}
        );
    }
    activity.outcome("done");
    return {};
}

Result<void> append_build_log(const build::BuildReport& report, const std::string& architecture) {
    if (report.packages.empty()) {
        return {};
    }
    std::string lines;
    const std::string origin = report.packages.front().name;
    for (const build::BuiltPackage& package : report.packages) {
        const std::string stem = package.path.stem().string();
        lines += fmt::format(
            "{}|{}|{}|{}\n",
            architecture,
            origin,
            package.name,
            stem.substr(package.name.size() + 1)
        );
    }
    std::error_code failure;
    std::string old;
    if (std::filesystem::exists("packages.log", failure)) {
        QUERN_TRY(old, read_file("packages.log"));
    }
    return write_file_atomically("packages.log", old + lines);
}

void tell(const build::BuildReport& report, const BuildFlags& flags, Reporter& reporter) {
    if (report.is_unchanged) {
        reporter.note("nothing has changed since these were published (--fresh builds anyway)");
    }
    if (report.is_partial) {
        reporter.note(fmt::format(
            "stopped after '{}'; nothing is packed; `quern enter` opens the guest", flags.until_step
        ));
    }
}

/// Flags of tests do nothing where none run; a CI file that waits for a report must not see
/// success.
Result<void> expect_tests(const BuildFlags& flags) {
    const char* given = !flags.test.junit.empty()      ? "--junit"
                        : flags.test.fail_fast         ? "--fail-fast"
                        : flags.test.jobs != 1         ? "--jobs"
                        : !flags.test_packages.empty() ? "--test-package-append"
                                                       : nullptr;
    if (flags.run_tests || given == nullptr) {
        return {};
    }
    return Error(ErrorCode::usage, fmt::format("{} is about tests, and none run", given))
        .help("add --test");
}

Result<void> run_build(const BuildFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_tests(flags));
    SessionOptions session_options;
    session_options.needs_guest = true;
    session_options.runner = flags.step.runner;
    session_options.offline = flags.environment.offline;
    session_options.content_directories = {std::filesystem::absolute(flags.cache_directory)};
    QUERN_TRY(const auto session, Session::create(invocation, session_options));
    QUERN_TRY(build::BuildOptions options, build_options(flags, *session));
    options.command_line = invocation.words;
    QUERN_TRY(const auto signer, load_signer(flags.key, invocation.cancel));
    options.key = signer.get();
    std::vector<build::TestReport> tested;
    const build::BuildTests tests = {
        test_run_options(flags.test, flags.step, invocation),
        flags.test_packages,
        [&](const build::TestReport& report) { tested.push_back(report); },
    };
    options.tests = flags.run_tests ? &tests : nullptr;
    const std::string commit = recipe_commit(flags, options.recipe, *session);
    warn_of_missing_pipelines(flags.recipe, session->reporter());
    if (flags.cache_directory != default_cache_directory) {
        const std::filesystem::path named = flags.cache_directory;
        warn_of_missing("--cache-dir", {&named, 1}, session->reporter());
    }
    pipeline::Library library(pipeline_directories(flags.recipe), session->reader());
    const build::Services services = session->services(library);
    for (const std::string& architecture : chosen_architectures(flags.recipe.architectures)) {
        QUERN_TRY(options.load, load_options(flags.recipe, architecture));
        options.load.commit = commit;
        if (!flags.step.workspace_directory.empty()) {
            options.workspace_directory =
                std::filesystem::path(flags.step.workspace_directory) / architecture;
        }
        auto built = flags.twice ? build_twice_and_compare(options, services, invocation.global)
                                 : build::build(options, services);
        QUERN_CHECK(write_junit(flags.test, tested));
        QUERN_TRY(build::BuildReport report, std::move(built));
        tell(report, flags, session->reporter());
        if (flags.create_build_log) {
            QUERN_CHECK(append_build_log(report, architecture));
        }
        QUERN_CHECK(add_v3(report, flags, options, services));
        QUERN_CHECK(print(invocation.global.format == "json" ? json_of(report) : to_text(report)));
    }
    return {};
}

}  // namespace

Run define_build(CLI::App& app) {
    const auto flags = std::make_shared<BuildFlags>();
    add_recipe_flags(app, flags->recipe);
    add_environment_flags(app, flags->environment, "--package-append");
    add_option(
        app,
        "--lockfile",
        flags->lock_file,
        "packages of the environment by `quern lock`; default: RECIPE.lock.json, if it is there"
    );
    add_flag(
        app, "--locked", flags->locked, "fail if the lock is missing or answers another recipe"
    );
    add_output_flags(app, *flags);
    add_description_flags(app, *flags);
    add_step_flags(app, flags->step);
    add_lint_flags(app, *flags);
    add_workspace_flags(app, *flags);
    add_range_flags(app, *flags);
    add_build_test_flags(app, *flags);
    return [flags](const Invocation& invocation) { return run_build(*flags, invocation); };
}

}  // namespace quern::cli
