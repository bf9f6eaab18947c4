// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/package_info.hpp"
#include "repository/publisher.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace quern::cli {
namespace {

struct IndexFlags {
    std::vector<std::string> packages;
    std::string output = "APKINDEX.tar.gz";
    std::string source;
    std::string architecture;
    KeyFlags key;
    bool merge = false;
};

Result<void> run_index(const IndexFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    std::optional<apk::PrivateKey> key;
    if (!flags.key.path.empty()) {
        QUERN_TRY(apk::PrivateKey loaded, load_key(flags.key));
        key.emplace(std::move(loaded));
    }
    repository::IndexPackagesOptions options;
    options.architecture =
        flags.architecture.empty() ? "" : apk::to_apk_architecture(flags.architecture);
    options.merge = flags.merge;
    options.source = flags.source.empty() ? flags.output : flags.source;
    options.key = key ? &*key : nullptr;
    ThreadPool pool(invocation.global.threads);
    const std::vector<std::filesystem::path> packages(flags.packages.begin(), flags.packages.end());
    QUERN_TRY(
        const auto warnings, repository::index_packages(flags.output, packages, options, pool)
    );
    for (const std::string& warning : warnings) {
        reporter->warning(warning);
    }
    return print(flags.output + "\n");
}

}  // namespace

Run define_index(CLI::App& app) {
    const auto flags = std::make_shared<IndexFlags>();
    app.add_option("packages", flags->packages, "package files")->required();
    app.add_option("-o,--output", flags->output, "index to write")->capture_default_str();
    app.add_option("-s,--source", flags->source, "index to merge into; default: the output");
    app.add_option("-a,--arch", flags->architecture, "take only packages of this architecture");
    app.add_option("--signing-key", flags->key.path, "private key that signs the index");
    add_passphrase_flags(app, flags->key);
    app.add_flag("-m,--merge", flags->merge, "keep what the source index has");
    return [flags](const Invocation& invocation) { return run_index(*flags, invocation); };
}

}  // namespace quern::cli
