// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/recipe_commands.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/replace_file.hpp"
#include "cli/report_diagnostics.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/package_info.hpp"
#include "recipe/bump.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct BumpFlags {
    std::string config;
    recipe::BumpOptions options;
    std::uint64_t max_download_bytes = fetch::HttpLimits().body_bytes;
};

Result<recipe::SourceDigests> download(
    const std::string& url, const BumpFlags& flags, Session& session
) {
    fetch::FetchRequest request;
    request.url = url;
    request.limits.body_bytes = flags.max_download_bytes;
    QUERN_TRY(
        const fetch::FetchedFile file, session.fetcher().fetch(request, session.reporter(), {})
    );
    QUERN_TRY(const Digest sha512, digest_of_fd(DigestKind::sha512, file.fd.get()));
    return recipe::SourceDigests{file.sha256.hex(), sha512.hex()};
}

std::string counted(std::size_t number, const char* what) {
    return number == 0 ? std::string()
                       : fmt::format(", {} {}{}", number, what, number == 1 ? "" : "s");
}

std::string json_of(const recipe::BumpReport& report, const std::string& version) {
    const nlohmann::ordered_json json = {
        {"old_version", report.old_version},
        {"old_epoch", report.old_epoch},
        {"version", version},
        {"epoch", report.epoch},
        {"checksums", report.checksums},
        {"commits", report.commits}};
    return to_json_text(json);
}

Result<void> run_bump(const BumpFlags& flags, const Invocation& invocation) {
    if (flags.config.empty() || flags.options.version.empty()) {
        return Error(ErrorCode::usage, "bump takes two arguments: a recipe and its new version")
            .help("quern bump hello/melange.yaml 2.12.1");
    }
    QUERN_CHECK(expect_recipe(flags.config));
    QUERN_TRY(const auto session, Session::create(invocation, SessionOptions()));
    recipe::BumpOptions options = flags.options;
    options.host_architecture = apk::host_architecture();
    options.download = [&](const std::string& url) { return download(url, flags, *session); };
    Diagnostics diagnostics;
    QUERN_TRY(
        const auto report, recipe::bump(flags.config, session->reader(), options, diagnostics)
    );
    QUERN_CHECK(report_all(diagnostics, flags.config, session->reporter()));
    QUERN_CHECK(replace_file(flags.config, report->text));
    for (const std::string& warning : report->warnings) {
        session->reporter().warning(warning);
    }
    if (invocation.global.format == "json") {
        return print(json_of(*report, options.version));
    }
    session->reporter().note(fmt::format(
        "{}: {}-r{} is now {}-r{}{}{}",
        flags.config,
        report->old_version,
        report->old_epoch,
        options.version,
        report->epoch,
        counted(report->checksums, "new checksum"),
        counted(report->commits, "new commit")
    ));
    return {};
}

}  // namespace

Run define_bump(CLI::App& app) {
    const auto flags = std::make_shared<BumpFlags>();
    add_option(app, "config", flags->config, "the recipe, which is changed");
    add_option(
        app, "version", flags->options.version, "the new version; the present one raises the epoch"
    );
    add_option(
        app,
        "--expected-commit",
        flags->options.expected_commit,
        "commit for git-checkout steps whose tag comes from the version"
    );
    add_flag(
        app,
        "--write-checksums",
        flags->options.write_checksums,
        "give fetch steps without a checksum one, and git-checkout steps the commit"
    );
    add_option(
        app, "--max-download-bytes", flags->max_download_bytes, "the most that one file may have"
    )
        ->capture_default_str();
    return [flags](const Invocation& invocation) { return run_bump(*flags, invocation); };
}

}  // namespace quern::cli
