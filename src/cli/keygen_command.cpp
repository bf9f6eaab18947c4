// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/keyring.hpp"
#include "support/atomic_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <system_error>

namespace quern::cli {
namespace {

struct KeygenFlags {
    std::string name = "melange.rsa";
    int bits = 4096;
    bool force = false;
    KeyFlags key;
};

// A pair of keys of which one is another's opens nothing: no name is touched before both are
// written, and the private key, which cannot be made again, goes last.
Result<void> write_pair(
    const std::filesystem::path& private_path,
    std::string_view private_pem,
    const std::filesystem::path& public_path,
    std::string_view public_pem
) {
    QUERN_TRY(AtomicFile private_file, AtomicFile::create(private_path, 0600));
    QUERN_TRY(AtomicFile public_file, AtomicFile::create(public_path, 0644));
    QUERN_CHECK(private_file.write(private_pem));
    QUERN_CHECK(public_file.write(public_pem));
    QUERN_CHECK(public_file.commit());
    return private_file.commit();
}

Result<apk::Passphrase> new_passphrase(const KeyFlags& flags) {
    if (flags.passphrase_file.empty()) {
        return apk::Passphrase();
    }
    QUERN_TRY(std::string text, read_file(flags.passphrase_file, 4096));
    text.resize(std::min(text.size(), text.find_first_of("\r\n")));
    return apk::Passphrase(std::move(text));
}

Result<void> run_keygen(const KeygenFlags& flags, const Invocation& invocation) {
    const std::filesystem::path private_path = flags.name;
    const std::filesystem::path public_path = flags.name + ".pub";
    std::error_code failure;
    for (const auto& path : {private_path, public_path}) {
        if (std::filesystem::exists(path, failure) && !flags.force) {
            return Error(ErrorCode::usage, fmt::format("{} exists", path.string()))
                .help("name another file, or replace the pair with --force");
        }
    }
    QUERN_TRY(
        const apk::PrivateKey key,
        apk::PrivateKey::generate(private_path.filename().string(), flags.bits)
    );
    QUERN_TRY(const apk::Passphrase passphrase, new_passphrase(flags.key));
    QUERN_TRY(const std::string private_pem, key.to_pem(passphrase));
    QUERN_TRY(const apk::PublicKey public_key, key.public_key());
    QUERN_CHECK(write_pair(private_path, private_pem, public_path, public_key.to_pem()));
    if (invocation.global.format == "json") {
        const nlohmann::ordered_json json = {
            {"private", private_path.string()},
            {"public", public_path.string()},
            {"bits", public_key.bits()},
            {"fingerprint", public_key.fingerprint()},
        };
        return print(to_json_text(json));
    }
    return print(fmt::format("{}\n{}\n", private_path.string(), public_path.string()));
}

}  // namespace

Run define_keygen(CLI::App& app) {
    const auto flags = std::make_shared<KeygenFlags>();
    add_option(app, "name", flags->name, "file of the private key; the public one gets .pub behind")
        ->capture_default_str();
    add_option(app, "--key-size", flags->bits, "bits, 2048 or more")->capture_default_str();
    add_option(
        app,
        "--passphrase-file",
        flags->key.passphrase_file,
        "encrypt the private key with this file's first line"
    );
    add_flag(app, "--force", flags->force, "replace existing files");
    return [flags](const Invocation& invocation) { return run_keygen(*flags, invocation); };
}

}  // namespace quern::cli
