// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "apk/adb_container.hpp"
#include "apk/adb_index.hpp"
#include "apk/package_writer.hpp"
#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/index.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <memory>

namespace quern::cli {
namespace {

struct SignFlags {
    std::vector<std::string> packages;
    KeyFlags key;
};

struct SignIndexFlags {
    std::string index;
    KeyFlags key;
    bool force = false;
};

Result<std::unique_ptr<apk::Signer>> expect_signer(
    const KeyFlags& flags, const CancelToken& cancel
) {
    QUERN_TRY(auto signer, load_signer(flags, cancel));
    if (signer == nullptr) {
        return Error(ErrorCode::usage, "there is no key to sign with")
            .help("name the file of a private key with --signing-key, or a command with --signer");
    }
    return signer;
}

Result<void> run_sign(const SignFlags& flags, const Invocation& invocation) {
    QUERN_TRY(const auto signer, expect_signer(flags.key, invocation.cancel));
    ThreadPool pool(invocation.global.threads);
    QUERN_CHECK(pool.for_each_index(flags.packages.size(), [&](std::size_t i) -> Result<void> {
        if (auto done = apk::sign_package(flags.packages[i], *signer); !done) {
            return std::move(done).error().context(fmt::format("signing {}", flags.packages[i]));
        }
        return {};
    }));
    return print_written(flags.packages, invocation.global);
}

Result<apk::IndexFile> read_signed_index(const std::string& path, const std::string& bytes) {
    auto index = apk::read_index(bytes, nullptr);
    if (!index) {
        return std::move(index)
            .error()
            .context(printable(path))
            .help("name an index; `quern index` makes one, `quern sign` is for packages");
    }
    return index;
}

Result<void> sign_index_v3(
    const SignIndexFlags& flags,
    const apk::Signer& signer,
    Reporter& reporter,
    const GlobalOptions& global
) {
    const auto index = apk::read_adb_index(flags.index, nullptr);
    if (!index) {
        return Error(index.error()).context(printable(flags.index));
    }
    if (!index->key_ids.empty() && !flags.force) {
        reporter.note(fmt::format(
            "{} is signed by the key {}; --force signs it anew", flags.index, index->key_ids.front()
        ));
        return print_written({}, global);
    }
    QUERN_CHECK(apk::sign_adb_index(flags.index, signer));
    return print_written({flags.index}, global);
}

Result<void> run_sign_index(const SignIndexFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    QUERN_TRY(const auto signer, expect_signer(flags.key, invocation.cancel));
    QUERN_TRY(const std::string bytes, read_file(flags.index));
    if (apk::is_adb(bytes)) {
        return sign_index_v3(flags, *signer, *reporter, invocation.global);
    }
    QUERN_TRY(const apk::IndexFile index, read_signed_index(flags.index, bytes));
    if (!index.signatures.empty() && !flags.force) {
        reporter->note(fmt::format(
            "{} is signed by {}; --force signs it anew",
            flags.index,
            index.signatures.front().key_name
        ));
        return print_written({}, invocation.global);
    }
    QUERN_TRY(const std::string signed_bytes, apk::sign_index(bytes, *signer));
    QUERN_CHECK(write_file_atomically(flags.index, signed_bytes));
    return print_written({flags.index}, invocation.global);
}

}  // namespace

Run define_sign(CLI::App& app) {
    const auto flags = std::make_shared<SignFlags>();
    flags->key.path = flags->key.usual_path = "local-melange.rsa";
    add_option(app, "packages", flags->packages, "package files, signed in place")->required();
    add_option(app, "-k,--signing-key", flags->key.path, "private key")->capture_default_str();
    add_signer_flags(app, flags->key);
    return [flags](const Invocation& invocation) { return run_sign(*flags, invocation); };
}

Run define_sign_index(CLI::App& app) {
    const auto flags = std::make_shared<SignIndexFlags>();
    flags->key.path = flags->key.usual_path = "melange.rsa";
    add_option(app, "index", flags->index, "APKINDEX.tar.gz or Packages.adb, signed in place")
        ->required();
    add_option(app, "--signing-key", flags->key.path, "private key")->capture_default_str();
    add_signer_flags(app, flags->key);
    add_flag(app, "-f,--force", flags->force, "replace an existing signature");
    return [flags](const Invocation& invocation) { return run_sign_index(*flags, invocation); };
}

}  // namespace quern::cli
