// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/package_info.hpp"
#include "repository/publisher.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

namespace quern::cli {
namespace {

struct IndexFlags {
    std::vector<std::string> packages, removed, formats;
    std::string output = "APKINDEX.tar.gz";
    std::string source, architecture, page_url;
    KeyFlags key;
    std::uint64_t keep = 1;
    bool merge = false, verify = false, prune = false, delete_files = false;
};

/// It becomes a link and a line for clients on the page.
Result<void> expect_page_url(const std::string& url) {
    const bool has_scheme = url.starts_with("https://") || url.starts_with("http://") ||
                            url.starts_with("file:///") || url.starts_with('/');
    const bool has_blank = url.find_first_of(" \t\r\n") != std::string::npos;
    if (url.empty() || (has_scheme && !has_blank)) {
        return {};
    }
    return Error(
               ErrorCode::usage,
               fmt::format("--html: '{}' is no address of a repository", printable(url))
    )
        .help("give what clients write in /etc/apk/repositories: https://example.org/packages");
}

Result<repository::IndexPackagesOptions> index_options(
    const IndexFlags& flags, const InputLimits& limits
) {
    if (flags.prune && flags.keep == 0) {
        return Error(ErrorCode::usage, "--keep 0 would drop everything").help("1 keeps the newest");
    }
    if (flags.keep != 1 && !flags.prune) {
        return Error(ErrorCode::usage, "--keep is about what --prune leaves, which is not there")
            .help("add --prune");
    }
    if (flags.delete_files && !flags.prune && flags.removed.empty()) {
        return Error(ErrorCode::usage, "--delete-files goes with --prune or --remove");
    }
    repository::IndexPackagesOptions options;
    for (const std::string& format : flags.formats) {
        if (format != "v2" && format != "v3") {
            return Error(
                       ErrorCode::usage,
                       fmt::format("'{}' is no format of indexes", printable(format))
            )
                .help("--index-format v2 or v2,v3");
        }
        options.writes_v3 = options.writes_v3 || format == "v3";
    }
    const auto is_v3 = [](const std::string& path) { return path.ends_with(".adb"); };
    if (is_v3(flags.output) &&
        std::find(flags.formats.begin(), flags.formats.end(), "v2") != flags.formats.end()) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("{} is of format v3 alone", printable(flags.output))
        )
            .help("name an APKINDEX.tar.gz for both: Packages.adb is written beside it");
    }
    if (is_v3(flags.source) && !is_v3(flags.output)) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("{} cannot become an APKINDEX", printable(flags.source))
        )
            .help("name the index to write, with --output, as one of apk 3: Packages.adb");
    }
    QUERN_CHECK(expect_page_url(flags.page_url));
    options.architecture =
        flags.architecture.empty() ? "" : apk::to_apk_architecture(flags.architecture);
    // What is dropped is dropped from something.
    options.merge = flags.merge || flags.packages.empty();
    options.source = flags.source.empty() ? flags.output : flags.source;
    options.verify = flags.verify;
    options.removed = flags.removed;
    options.keep_versions = flags.prune ? flags.keep : 0;
    options.delete_files = flags.delete_files;
    options.repository_url = flags.page_url;
    options.package_limits = limits.package;
    options.index_limits = limits.index;
    return options;
}

Result<void> run_index(const IndexFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    if (flags.packages.empty() && flags.removed.empty() && !flags.prune && flags.page_url.empty()) {
        return Error(ErrorCode::usage, "there is nothing to index")
            .help("name package files or folders of them, or --prune, --remove or --html");
    }
    QUERN_TRY(auto options, index_options(flags, invocation.global.limits));
    QUERN_TRY(const auto signer, load_signer(flags.key, invocation.cancel));
    options.key = signer.get();
    std::error_code failure;
    if (options.merge && options.source != flags.output &&
        !std::filesystem::exists(options.source, failure)) {
        reporter->warning(fmt::format(
            "there is no index {}: {} begins as a new one", printable(flags.source), flags.output
        ));
    }
    ThreadPool pool(invocation.global.threads);
    const std::vector<std::filesystem::path> packages(flags.packages.begin(), flags.packages.end());
    QUERN_TRY(const auto report, repository::index_packages(flags.output, packages, options, pool));
    for (const std::string& warning : report.warnings) {
        reporter->warning(warning);
    }
    for (const std::string& dropped : report.dropped) {
        reporter->note(fmt::format("dropped {}", printable(dropped)));
    }
    return print_written({flags.output}, invocation.global);
}

}  // namespace

Run define_index(CLI::App& app) {
    const auto flags = std::make_shared<IndexFlags>();
    add_option(app, "packages", flags->packages, "package files, or folders of them");
    add_option(
        app,
        "-o,--output",
        flags->output,
        "index to write; Packages.adb, which alone names packages of version 3"
    )
        ->capture_default_str();
    add_option(app, "-s,--source", flags->source, "index to merge into; default: the output");
    add_option(app, "-a,--arch", flags->architecture, "take only packages of this architecture");
    add_option(app, "--signing-key", flags->key.path, "private key that signs the index");
    add_signer_flags(app, flags->key);
    add_list(
        app, "--index-format", flags->formats, "v2 (APKINDEX); v3 adds Packages.adb for apk 3"
    );
    add_flag(app, "-m,--merge", flags->merge, "keep what the source index has");
    add_flag(
        app,
        "--verify",
        flags->verify,
        "read all packages whole, also those that look as they did last time"
    );
    add_flag(
        app,
        "--prune",
        flags->prune,
        "drop versions that newer ones have superseded, unless a package needs one"
    );
    add_option(app, "--keep", flags->keep, "versions of each package that --prune leaves")
        ->capture_default_str();
    add_list(app, "--remove", flags->removed, "drop entries: NAME or NAME=VERSION");
    add_flag(
        app, "--delete-files", flags->delete_files, "delete the files of what was dropped, too"
    );
    add_option(
        app,
        "--html",
        flags->page_url,
        "write index.html beside the index for a repository at this URL"
    );
    return [flags](const Invocation& invocation) { return run_index(*flags, invocation); };
}

}  // namespace quern::cli
