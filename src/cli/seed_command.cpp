// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/package_info.hpp"
#include "seed/seed.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct SeedFlags {
    std::string description;
    std::string out_directory = "seed";
    std::vector<std::string> groups;
    std::string architecture = "host";
    KeyFlags key;
    bool offline = false;
};

struct ConvertFlags {
    std::vector<std::string> debs;
    std::string out_directory = "packages";
    std::vector<std::string> provides;
    KeyFlags key;
};

Result<void> run_seed(const SeedFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    ThreadPool pool(invocation.global.threads);
    QUERN_TRY(const auto signer, load_signer(flags.key, invocation.cancel));
    QUERN_TRY(const std::filesystem::path cache, cache_directory(invocation.global));
    seed::SeedOptions options;
    options.description = flags.description;
    options.out_directory = flags.out_directory;
    options.cache_directory = cache / "seed";
    options.groups = flags.groups;
    options.architecture = flags.architecture == "host"
                               ? apk::host_architecture()
                               : apk::to_apk_architecture(flags.architecture);
    options.key = signer.get();
    options.offline = flags.offline;
    Diagnostics diagnostics;
    auto report = seed::seed(options, pool, diagnostics, *reporter, invocation.cancel);
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter->diagnostic(diagnostic);
    }
    if (!report) {
        return std::move(report).error();
    }
    if (report->was_up_to_date) {
        reporter->note(
            fmt::format("{} is up to date: {} packages", flags.out_directory, report->packages)
        );
    } else {
        reporter->note(fmt::format(
            "{} packages in {}, {} downloaded",
            report->packages,
            flags.out_directory,
            report->downloaded
        ));
    }
    return print_written({flags.out_directory}, invocation.global);
}

Result<void> run_convert(const ConvertFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    ThreadPool pool(invocation.global.threads);
    QUERN_TRY(const auto signer, load_signer(flags.key, invocation.cancel));
    const std::vector<std::filesystem::path> debs(flags.debs.begin(), flags.debs.end());
    const seed::ConvertOptions options = {
        .out_directory = flags.out_directory,
        .key = signer.get(),
        .extra_provides = flags.provides,
    };
    QUERN_TRY(
        const auto packages, seed::convert(debs, options, pool, *reporter, invocation.cancel)
    );
    return print_written({packages.begin(), packages.end()}, invocation.global);
}

}  // namespace

Run define_seed(CLI::App& app) {
    const auto flags = std::make_shared<SeedFlags>();
    add_option(
        app,
        "description",
        flags->description,
        "what to take from a mirror: examples/seed/debian-12.yaml"
    )
        ->required();
    add_option(app, "--out-dir", flags->out_directory, "the repository to make")
        ->capture_default_str();
    add_list(app, "--group", flags->groups, "only these groups of the description");
    add_option(app, "--arch", flags->architecture, "architecture")->capture_default_str();
    add_option(app, "--signing-key", flags->key.path, "private key that signs packages and index");
    add_signer_flags(app, flags->key);
    add_flag(app, "--offline", flags->offline, "use only what was downloaded before");
    return [flags](const Invocation& invocation) { return run_seed(*flags, invocation); };
}

Run define_convert(CLI::App& app) {
    const auto flags = std::make_shared<ConvertFlags>();
    add_option(app, "debs", flags->debs, "Debian packages (.deb)")->required();
    add_option(app, "--out-dir", flags->out_directory, "directory for the packages")
        ->capture_default_str();
    add_list(
        app, "--provides", flags->provides, "names that each package provides besides its own"
    );
    add_option(app, "--signing-key", flags->key.path, "private key that signs the packages");
    add_signer_flags(app, flags->key);
    return [flags](const Invocation& invocation) { return run_convert(*flags, invocation); };
}

}  // namespace quern::cli
