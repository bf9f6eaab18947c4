// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/command_signer.hpp"

#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <utility>

namespace quern::apk {

namespace {

/// Signatures have at most 2,048 bytes, that of a key of 16,384 bits.
constexpr std::size_t longest_output = 4096;
constexpr std::size_t longest_message = 400;

const char* name_of(SignatureKind kind) {
    return kind == SignatureKind::rsa      ? "sha1"
           : kind == SignatureKind::rsa256 ? "sha256"
                                           : "sha512";
}

/// PATH only: what else the caller has may be a secret.
std::vector<std::pair<std::string, std::string>> environment_of(
    const CommandSigner::Options& options, SignatureKind kind
) {
    const char* path = std::getenv("PATH");
    return {
        {"PATH", path == nullptr ? "/usr/bin:/bin" : path},
        {"QUERN_DIGEST", name_of(kind)},
        {"QUERN_KEY", options.public_name},
    };
}

struct Answer {
    std::string output;
    std::string messages;  ///< the start of what it wrote to its standard error
    bool is_too_long = false;
};

std::string told_by(const Answer& answer) {
    const std::string_view text = trim(answer.messages);
    return text.empty() ? "it said nothing" : "it said: " + printable(text);
}

Result<ExitStatus> run(
    const ProcessOptions& process,
    const CancelToken& cancel,
    std::chrono::milliseconds timeout,
    Answer& answer
) {
    QUERN_TRY(ChildProcess child, ChildProcess::spawn(process));
    return child.wait(
        [&](std::string_view bytes, bool is_stderr) {
            if (is_stderr) {
                const std::size_t room = longest_message - answer.messages.size();
                answer.messages += bytes.substr(0, room);
                return;
            }
            // For good: what it still writes until it is dead may be short.
            answer.is_too_long =
                answer.is_too_long || answer.output.size() + bytes.size() > longest_output;
            if (answer.is_too_long) {
                child.kill();
                return;
            }
            answer.output += bytes;
        },
        cancel,
        timeout
    );
}

}  // namespace

CommandSigner::CommandSigner(
    Options options, PublicKey key, Keyring ring, const CancelToken& cancel
)
    : options_(std::move(options)),
      key_(std::move(key)),
      ring_(std::move(ring)),
      cancel_(&cancel) {}

Result<CommandSigner> CommandSigner::create(
    Options options, PublicKey key, const CancelToken& cancel
) {
    if (options.command.empty()) {
        return Error(ErrorCode::usage, "the command that signs has no words");
    }
    Keyring ring;
    QUERN_CHECK(ring.add(options.public_name, key));
    return CommandSigner(std::move(options), std::move(key), std::move(ring), cancel);
}

Result<Signature> CommandSigner::sign(const SignedDigests& digests, SignatureKind kind) const {
    const std::string& program = options_.command.front();
    Answer answer;
    ProcessOptions process;
    process.argv = options_.command;
    process.environment = environment_of(options_, kind);
    process.standard_input = digests.digest(kind);
    process.merge_stderr = false;
    auto status = run(process, *cancel_, options_.timeout, answer);
    if (answer.is_too_long) {
        return Error(
                   ErrorCode::limit,
                   fmt::format("{} gave more than {} bytes", printable(program), longest_output)
        )
            .help("a signer gives the raw signature and nothing else");
    }
    if (!status) {
        const bool is_late = status.error().code() == ErrorCode::limit;
        Error error =
            std::move(status).error().context(fmt::format("signing by {}", printable(program)));
        return is_late ? std::move(error).help("let it take longer with --signer-timeout SECONDS")
                       : std::move(error);
    }
    if (!status->is_success()) {
        return Error(
            ErrorCode::signature,
            fmt::format(
                "signing by {}: {}; {}", printable(program), status->describe(), told_by(answer)
            )
        );
    }
    Signature signature = {kind, options_.public_name, std::move(answer.output)};
    if (!ring_.verify({signature}, digests)) {
        return Error(
                   ErrorCode::signature,
                   fmt::format(
                       "{} gave {} bytes that are no signature by {}",
                       printable(program),
                       signature.bytes.size(),
                       printable(options_.public_name)
                   )
        )
            .help(fmt::format(
                "it has to sign the {} digest that it gets, as PKCS#1 v1.5, and give raw bytes",
                name_of(kind)
            ));
    }
    return signature;
}

}  // namespace quern::apk
