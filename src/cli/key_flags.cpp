// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/key_flags.hpp"

#include "apk/command_signer.hpp"
#include "cli/flags.hpp"
#include "image/shell_words.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern::cli {
namespace {

Result<std::string> ask_for_passphrase(const std::string& path) {
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) {
        return Error(
                   ErrorCode::signature,
                   fmt::format("the key {} is encrypted and no passphrase was given", path)
        )
            .help("use --passphrase-file FILE or --passphrase-fd N");
    }
    std::ignore = write_all(
        terminal.get(), fmt::format("passphrase of {}: ", path)
    );  // the answer counts, not the prompt
    termios before{};
    const bool has_echo = ::tcgetattr(terminal.get(), &before) == 0;
    if (has_echo) {
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(terminal.get(), TCSAFLUSH, &silent);
    }
    std::string answer;
    char c = 0;
    while (::read(terminal.get(), &c, 1) == 1 && c != '\n') {
        answer += c;
    }
    if (has_echo) {
        ::tcsetattr(terminal.get(), TCSAFLUSH, &before);
    }
    std::ignore = write_all(terminal.get(), "\n");  // as above
    return answer;
}

Result<std::string> read_passphrase_fd(int fd) {
    std::string text;
    char buffer[256];
    for (;;) {
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count < 0) {
            return Error::system(
                errno, fmt::format("reading the passphrase from descriptor {}", fd)
            );
        }
        if (count == 0) {
            return text;
        }
        text.append(buffer, static_cast<std::size_t>(count));
    }
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find_first_of("\r\n"));
}

Result<apk::Passphrase> given_passphrase(const KeyFlags& flags) {
    if (!flags.passphrase_file.empty()) {
        QUERN_TRY(const std::string text, read_file(flags.passphrase_file, 4096));
        return apk::Passphrase(first_line(text));
    }
    if (flags.passphrase_fd >= 0) {
        QUERN_TRY(const std::string text, read_passphrase_fd(flags.passphrase_fd));
        return apk::Passphrase(first_line(text));
    }
    return apk::Passphrase();
}

/// A key itself must not stand on the command line, where every process can read it; and it is not
/// repeated here.
Result<void> expect_file_name(const std::string& path) {
    if (path.find("-----BEGIN") == std::string::npos) {
        return {};
    }
    return Error(ErrorCode::usage, "the text of a key stands where its file's name belongs")
        .help("write the key to a file and name the file");
}

/// The public key says under which name clients know it, and whether it is the right one.
Result<apk::PrivateKey> open_token(const KeyFlags& flags, const apk::Passphrase& pin) {
    if (flags.signer_key.empty()) {
        return Error(ErrorCode::usage, "a key in a token needs the name of its public key")
            .help("add --signer-key FILE.pub: signatures carry its name");
    }
    const std::filesystem::path path = flags.signer_key;
    const std::string name = path.filename().string();
    apk::Keyring ring;
    QUERN_CHECK(ring.add_file(path));
    QUERN_TRY(apk::PrivateKey key, apk::PrivateKey::open_token(name, flags.path, pin));
    QUERN_TRY(const apk::PublicKey own, key.public_key());
    if (own.fingerprint() != ring.find(name)->fingerprint()) {
        return Error(
            ErrorCode::signature, fmt::format("the key in the token is not that of {}", name)
        );
    }
    return key;
}

/// Who says how to sign and not by what wants signatures, and must not get unsigned packages.
Result<void> expect_no_key(const KeyFlags& flags) {
    const char* given = !flags.passphrase_file.empty() ? "--passphrase-file"
                        : flags.passphrase_fd >= 0     ? "--passphrase-fd"
                        : !flags.signer_key.empty()    ? "--signer-key"
                                                       : nullptr;
    if (given == nullptr) {
        return {};
    }
    return Error(ErrorCode::usage, fmt::format("{} is there, but nothing that signs", given))
        .help("add --signing-key FILE or --signer COMMAND");
}

Result<apk::PrivateKey> load_key(const KeyFlags& flags) {
    QUERN_CHECK(expect_file_name(flags.path));
    QUERN_TRY(const apk::Passphrase given, given_passphrase(flags));
    if (apk::is_token_uri(flags.path)) {
        return open_token(flags, given);
    }
    auto key = apk::PrivateKey::load(flags.path, given);
    const bool is_locked =
        !key && key.error().code() == ErrorCode::signature && given.view().empty();
    if (!is_locked) {
        return key;
    }
    QUERN_TRY(std::string answer, ask_for_passphrase(flags.path));
    return apk::PrivateKey::load(flags.path, apk::Passphrase(std::move(answer)));
}

Result<std::unique_ptr<apk::Signer>> command_signer(
    const KeyFlags& flags, const CancelToken& cancel
) {
    if (flags.signer_key.empty()) {
        return Error(ErrorCode::usage, "--signer needs the public key of who signs")
            .help("add --signer-key FILE.pub: signatures carry its name and are checked with it");
    }
    const auto words = image::split_shell_words(flags.signer);
    if (!words) {
        return Error(ErrorCode::usage, "a quote in the command of --signer stays open");
    }
    const std::filesystem::path path = flags.signer_key;
    apk::Keyring ring;
    QUERN_CHECK(ring.add_file(path));
    QUERN_TRY(
        apk::CommandSigner signer,
        apk::CommandSigner::create(
            {*words, path.filename().string(), std::chrono::seconds(flags.signer_timeout)},
            *ring.find(path.filename().string()),
            cancel
        )
    );
    return std::unique_ptr<apk::Signer>(std::make_unique<apk::CommandSigner>(std::move(signer)));
}

}  // namespace

void add_signer_flags(CLI::App& app, KeyFlags& flags) {
    add_option(
        app,
        "--passphrase-file",
        flags.passphrase_file,
        "file whose first line is the key's passphrase"
    );
    add_option(
        app,
        "--passphrase-fd",
        flags.passphrase_fd,
        "open descriptor to read the key's passphrase from"
    );
    add_option(
        app,
        "--signer",
        flags.signer,
        "command that signs in place of a key's file: gets a raw digest ($QUERN_DIGEST says "
        "which), "
        "gives the raw signature"
    );
    add_option(
        app,
        "--signer-key",
        flags.signer_key,
        "public key of --signer, or of a --signing-key pkcs11:URI; clients know it by this name"
    );
    add_option(
        app, "--signer-timeout", flags.signer_timeout, "seconds after which --signer is killed"
    )
        ->check(within(1, 3600))
        .capture_default_str();
}

Result<std::unique_ptr<apk::Signer>> load_signer(const KeyFlags& flags, const CancelToken& cancel) {
    if (!flags.signer.empty()) {
        return command_signer(flags, cancel);
    }
    if (flags.path.empty()) {
        QUERN_CHECK(expect_no_key(flags));
        return std::unique_ptr<apk::Signer>();
    }
    QUERN_TRY(apk::PrivateKey key, load_key(flags));
    return std::unique_ptr<apk::Signer>(std::make_unique<apk::PrivateKey>(std::move(key)));
}

Result<apk::Keyring> load_keyring(const std::vector<std::string>& paths) {
    apk::Keyring keyring;
    std::error_code failure;
    for (const std::string& path : paths) {
        QUERN_CHECK(expect_file_name(path));
        if (std::filesystem::is_directory(path, failure)) {
            QUERN_CHECK(keyring.add_directory(path));
        } else {
            QUERN_CHECK(keyring.add_file(path));
        }
    }
    return keyring;
}

}  // namespace quern::cli
