// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/package_file.hpp"
#include "repository/publisher.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <mutex>
#include <system_error>

namespace quern::cli {
namespace {

struct VerifyFlags {
    std::vector<std::string> targets;
    std::vector<std::string> keyring;
    bool ignore_signatures = false;
};

/// What was found out about one target.
struct Verdict {
    std::string target;
    std::string good;                   ///< "signed by x.rsa.pub"
    std::vector<std::string> problems;  ///< empty: it is sound
    bool is_about_trust = false;
};

Verdict verify_package(
    const std::string& path, const apk::Keyring& keyring, bool ignore_signatures
) {
    Verdict verdict{path, {}, {}, false};
    const auto note_problem = [&](const Error& error) {
        verdict.problems.push_back(error.message());
        verdict.is_about_trust =
            error.code() == ErrorCode::signature || error.code() == ErrorCode::digest_mismatch;
    };
    auto package = apk::PackageFile::open(path);
    if (!package) {
        note_problem(package.error());
        return verdict;
    }
    if (ignore_signatures) {
        verdict.good = "signature not looked at";
    } else if (auto signer = package->verify_signature(keyring)) {
        verdict.good = fmt::format("signed by {}", *signer);
    } else {
        note_problem(signer.error());
    }
    if (auto data = package->verify_data(); !data) {
        note_problem(data.error());
    }
    return verdict;
}

Result<Verdict> verify_directory(
    const std::string& path, const apk::Keyring& keyring, bool ignore_signatures, ThreadPool& pool
) {
    Verdict verdict{path, "index and packages agree", {}, true};
    QUERN_TRY(
        const auto problems, repository::verify_repository(path, keyring, ignore_signatures, pool)
    );
    for (const repository::RepositoryProblem& problem : problems) {
        verdict.problems.push_back(problem.where + ": " + problem.what);
    }
    return verdict;
}

std::string to_text(const std::vector<Verdict>& verdicts) {
    std::string text;
    for (const Verdict& verdict : verdicts) {
        if (verdict.problems.empty()) {
            text += fmt::format("{}: good, {}\n", verdict.target, verdict.good);
        }
        for (const std::string& problem : verdict.problems) {
            text += fmt::format("{}: BAD, {}\n", verdict.target, printable(problem));
        }
    }
    return text;
}

std::string to_json_text(const std::vector<Verdict>& verdicts) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Verdict& verdict : verdicts) {
        list.push_back({
            {"target", verdict.target},
            {"good", verdict.problems.empty()},
            {"detail", verdict.good},
            {"problems", verdict.problems},
        });
    }
    return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<void> run_verify(const VerifyFlags& flags, const Invocation& invocation) {
    if (flags.keyring.empty() && !flags.ignore_signatures) {
        return Error(ErrorCode::usage, "there is no key to verify with")
            .help(
                "name trusted public keys with --keyring-append, or look at hashes only with "
                "--ignore-signatures"
            );
    }
    QUERN_TRY(const apk::Keyring keyring, load_keyring(flags.keyring));
    ThreadPool pool(invocation.global.threads);
    std::vector<Verdict> verdicts(flags.targets.size());
    std::error_code failure;
    for (std::size_t i = 0; i < flags.targets.size(); ++i) {
        QUERN_CHECK(invocation.cancel.check());
        const std::string& target = flags.targets[i];
        if (std::filesystem::is_directory(target, failure)) {
            QUERN_TRY(
                verdicts[i], verify_directory(target, keyring, flags.ignore_signatures, pool)
            );
        } else {
            verdicts[i] = verify_package(target, keyring, flags.ignore_signatures);
        }
    }
    QUERN_CHECK(
        print(invocation.global.format == "json" ? to_json_text(verdicts) : to_text(verdicts))
    );
    std::size_t bad = 0;
    bool is_about_trust = false;
    for (const Verdict& verdict : verdicts) {
        bad += verdict.problems.empty() ? 0U : 1U;
        is_about_trust = is_about_trust || verdict.is_about_trust;
    }
    if (bad == 0) {
        return {};
    }
    return Error(
        is_about_trust ? ErrorCode::signature : ErrorCode::invalid_data,
        fmt::format(
            "{} of {} {} not what it claims to be", bad, verdicts.size(), bad == 1 ? "is" : "are"
        )
    );
}

}  // namespace

Run define_verify(CLI::App& app) {
    const auto flags = std::make_shared<VerifyFlags>();
    app.add_option(
           "targets",
           flags->targets,
           "package files, or directories with an APKINDEX.tar.gz (DIR/ARCH)"
    )
        ->required();
    add_list(
        app,
        "-k,--keyring-append",
        flags->keyring,
        "trusted public keys: files or directories of *.pub"
    );
    app.add_flag(
        "--ignore-signatures", flags->ignore_signatures, "check everything but the signatures"
    );
    return [flags](const Invocation& invocation) { return run_verify(*flags, invocation); };
}

}  // namespace quern::cli
