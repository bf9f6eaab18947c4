// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/index_flags.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "package/provenance.hpp"
#include "quern/package_file.hpp"
#include "repository/verify.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

struct VerifyFlags {
    std::vector<std::string> targets;
    std::vector<std::string> keyring;
    std::vector<std::string> beside;
    std::string key_discovery = "auto";
    bool ignore_signatures = false;
    bool is_closed = false;
    bool provenance = false;
};

/// What was found out about one target.
struct Verdict {
    std::string target;
    std::string good;                           ///< "signed by x.rsa.pub"
    std::vector<repository::Finding> findings;  ///< empty: it is sound
    std::optional<package::VerifiedProvenance> provenance = {};
};

Verdict verify_package(const std::string& path, const repository::VerifyOptions& options) {
    Verdict verdict{path, {}, {}};
    const auto note_problem = [&](const char* id, const Error& error) {
        const bool is_missing = error.code() == ErrorCode::not_found;
        verdict.findings.push_back({is_missing ? "file-missing" : id, {}, repository::told(error)});
    };
    auto package = apk::PackageFile::open(path, options.package_limits);
    if (!package) {
        note_problem("package-damaged", package.error());
        return verdict;
    }
    if (options.keyring == nullptr) {
        verdict.good = "signature not looked at";
    } else if (auto signer = package->verify_signature(*options.keyring)) {
        verdict.good = fmt::format("signed by {}", *signer);
    } else {
        note_problem("package-signature", signer.error());
    }
    if (auto data = package->verify_data(); !data) {
        note_problem("data-damaged", data.error());
    }
    return verdict;
}

/// Adds what the file beside the package says of how it was made.
void add_provenance(Verdict& verdict, const apk::Keyring* keyring) {
    auto verified = package::verify_provenance(verdict.target, keyring);
    if (verified) {
        verdict.provenance = std::move(*verified);
        return;
    }
    const bool is_missing = verified.error().code() == ErrorCode::not_found;
    std::string what = repository::told(verified.error());
    if (is_missing) {
        what += "; `quern build --generate-provenance` writes it";
    }
    verdict.findings.push_back({is_missing ? "provenance-missing" : "provenance", {}, what});
}

/// Reads the repositories that clients have beside the one that is checked.
class Beside {
 public:
    Beside(const VerifyFlags& flags, const Invocation& invocation)
        : flags_(flags), invocation_(invocation) {}

    Result<std::vector<repository::RepositoryIndex>> read(std::string_view architecture) const {
        IndexFlags flags;
        flags.repositories = flags_.beside;
        flags.keyring = flags_.keyring;
        flags.architecture = architecture;
        flags.key_discovery = flags_.key_discovery;
        flags.ignore_signatures = flags_.ignore_signatures;
        QUERN_TRY(Indexes indexes, read_indexes(flags, invocation_));
        return std::move(indexes.own);
    }

 private:
    const VerifyFlags& flags_;
    const Invocation& invocation_;
};

std::string to_text(const std::vector<Verdict>& verdicts) {
    std::string text;
    for (const Verdict& verdict : verdicts) {
        const std::string target = printable(verdict.target);
        if (verdict.findings.empty()) {
            text += fmt::format("{}: good, {}\n", target, verdict.good);
        }
        if (verdict.provenance && verdict.findings.empty()) {
            text += fmt::format(
                "{}: made as {} says\n{}",
                target,
                verdict.provenance->signer.empty() ? "nobody" : verdict.provenance->signer,
                package::to_text(verdict.provenance->statement)
            );
        }
        for (const repository::Finding& finding : verdict.findings) {
            text += fmt::format(
                "{}: BAD, {}{}{} [{}]\n",
                target,
                finding.where,
                finding.where.empty() ? "" : ": ",
                printable(finding.what),
                finding.id
            );
        }
    }
    return text;
}

std::string json_of(const std::vector<Verdict>& verdicts) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Verdict& verdict : verdicts) {
        auto findings = nlohmann::ordered_json::array();
        for (const repository::Finding& finding : verdict.findings) {
            findings.push_back(
                {{"id", finding.id}, {"where", finding.where}, {"what", finding.what}}
            );
        }
        list.push_back({
            {"target", verdict.target},
            {"good", verdict.findings.empty()},
            {"detail", verdict.good},
            {"findings", findings},
        });
        if (verdict.provenance) {
            list.back()["provenance"] = {
                {"signer", verdict.provenance->signer},
                {"statement",
                 nlohmann::ordered_json::parse(verdict.provenance->statement.to_json())},
            };
        }
    }
    return to_json_text(list);
}

Result<Verdict> verify_target(
    const std::string& target,
    const VerifyFlags& flags,
    const repository::VerifyOptions& options,
    ThreadPool& pool
) {
    std::error_code failure;
    if (!std::filesystem::is_directory(target, failure)) {
        if (options.is_closed) {
            return Error(
                       ErrorCode::usage,
                       fmt::format(
                           "{} is about repositories, and {} is no directory",
                           flags.is_closed ? "--closed" : "--with-repository",
                           printable(target)
                       )
            )
                .help("name the directory of the repository");
        }
        Verdict verdict = verify_package(target, options);
        if (flags.provenance) {
            add_provenance(verdict, options.keyring);
        }
        return verdict;
    }
    if (flags.provenance) {
        return Error(ErrorCode::usage, "--provenance is about package files, not directories")
            .help(fmt::format("name the packages: {}/*.apk", target));
    }
    Verdict verdict = {target, "index and packages agree", {}};
    QUERN_TRY(verdict.findings, repository::verify_repository(target, options, pool));
    return verdict;
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
    const Beside beside(flags, invocation);
    repository::VerifyOptions options;
    options.keyring = flags.ignore_signatures ? nullptr : &keyring;
    options.package_limits = invocation.global.limits.package;
    options.is_closed = flags.is_closed || !flags.beside.empty();
    if (!flags.beside.empty()) {
        options.beside = [&beside](std::string_view arch) { return beside.read(arch); };
    }
    std::vector<Verdict> verdicts;
    for (const std::string& target : flags.targets) {
        QUERN_TRY(Verdict verdict, verify_target(target, flags, options, pool));
        QUERN_CHECK(invocation.cancel.check());
        verdicts.push_back(std::move(verdict));
    }
    QUERN_CHECK(print(invocation.global.format == "json" ? json_of(verdicts) : to_text(verdicts)));
    std::size_t bad = 0;
    bool is_about_trust = false;
    for (const Verdict& verdict : verdicts) {
        bad += verdict.findings.empty() ? 0U : 1U;
        is_about_trust = is_about_trust || std::any_of(
                                               verdict.findings.begin(),
                                               verdict.findings.end(),
                                               [](const repository::Finding& finding) {
                                                   return finding.is_about_trust();
                                               }
                                           );
    }
    if (bad == 0) {
        return {};
    }
    return Error(
        is_about_trust ? ErrorCode::signature : ErrorCode::invalid_data,
        fmt::format(
            "{} of {} {} to be",
            bad,
            verdicts.size(),
            bad == 1 ? "is not what it claims" : "are not what they claim"
        )
    );
}

}  // namespace

Run define_verify(CLI::App& app) {
    const auto flags = std::make_shared<VerifyFlags>();
    add_option(
        app,
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
    add_flag(
        app, "--ignore-signatures", flags->ignore_signatures, "check everything but the signatures"
    );
    add_list(
        app,
        "--with-repository",
        flags->beside,
        "repositories that clients have beside it: what packages need must be there or in these"
    );
    add_key_discovery_flag(app, flags->key_discovery);
    add_flag(
        app, "--closed", flags->is_closed, "what packages need must be in the repository itself"
    );
    add_flag(
        app,
        "--provenance",
        flags->provenance,
        "also check PACKAGE.apk.intoto.jsonl beside each package, and say what it was made from"
    );
    return [flags](const Invocation& invocation) { return run_verify(*flags, invocation); };
}

}  // namespace quern::cli
