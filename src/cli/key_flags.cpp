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
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern::cli {
namespace {

constexpr std::size_t longest_passphrase = 4096;
constexpr std::chrono::seconds passphrase_timeout{60};
constexpr int usual_timeout = 60;  ///< of --signer, in seconds

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

std::string first_line(const std::string& text) {
    return text.substr(0, text.find_first_of("\r\n"));
}

Result<apk::Passphrase> given_passphrase(const KeyFlags& flags) {
    if (!flags.passphrase_file.empty()) {
        QUERN_TRY(const std::string text, read_file(flags.passphrase_file, longest_passphrase));
        return apk::Passphrase(first_line(text));
    }
    if (flags.passphrase_fd >= 0) {
        QUERN_TRY(const std::string text, read_passphrase(flags.passphrase_fd, passphrase_timeout));
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

/// The first flag that is there and has nothing to be about; null if all have. Who says how to sign
/// must not get unsigned packages, or packages signed by another key.
const char* idle_flag(const KeyFlags& flags) {
    const bool has_command = !flags.signer.empty();
    const bool has_key = !has_command && !flags.path.empty();
    if (!has_command && flags.signer_timeout != 0) {
        return "--signer-timeout";
    }
    if (!has_key && !flags.passphrase_file.empty()) {
        return "--passphrase-file";
    }
    if (!has_key && flags.passphrase_fd >= 0) {
        return "--passphrase-fd";
    }
    const bool has_use = has_command || (has_key && apk::is_token_uri(flags.path));
    return !has_use && !flags.signer_key.empty() ? "--signer-key" : nullptr;
}

Result<void> expect_no_idle_flag(const KeyFlags& flags) {
    if (!flags.signer.empty() && flags.path != flags.usual_path) {
        return Error(ErrorCode::usage, "both --signer and the file of a key are there to sign")
            .help("leave one of them out");
    }
    if (!flags.passphrase_file.empty() && flags.passphrase_fd >= 0) {
        return Error(ErrorCode::usage, "both --passphrase-file and --passphrase-fd are there")
            .help("leave one of them out");
    }
    const char* const idle = idle_flag(flags);
    if (idle == nullptr) {
        return {};
    }
    const std::string_view flag = idle;
    if (flag == "--signer-timeout") {
        return Error(ErrorCode::usage, "--signer-timeout is about --signer, which is not there")
            .help("add --signer COMMAND");
    }
    if (flags.path.empty() && flags.signer.empty()) {
        return Error(ErrorCode::usage, fmt::format("{} is there, but nothing that signs", flag))
            .help("add --signing-key FILE or --signer COMMAND");
    }
    return flag == "--signer-key"
               ? Error(ErrorCode::usage, "--signer-key says nothing about a key in a file")
                     .help("leave it out: the name of the key's file says which public key it has")
               : Error(
                     ErrorCode::usage,
                     fmt::format("{} is about a key in a file, and --signer signs", flag)
                 )
                     .help("leave it out, or give it to the command");
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
    const int timeout = flags.signer_timeout == 0 ? usual_timeout : flags.signer_timeout;
    const std::filesystem::path path = flags.signer_key;
    apk::Keyring ring;
    QUERN_CHECK(ring.add_file(path));
    QUERN_TRY(
        apk::CommandSigner signer,
        apk::CommandSigner::create(
            {*words, path.filename().string(), std::chrono::seconds(timeout)},
            *ring.find(path.filename().string()),
            cancel
        )
    );
    return std::unique_ptr<apk::Signer>(std::make_unique<apk::CommandSigner>(std::move(signer)));
}

}  // namespace

Result<std::string> read_passphrase(int fd, std::chrono::milliseconds timeout) {
    std::string text;
    std::array<char, 256> buffer{};
    while (text.find('\n') == std::string::npos) {
        pollfd wanted = {fd, POLLIN, 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(timeout.count()));
        const ssize_t count = ready > 0 ? ::read(fd, buffer.data(), buffer.size()) : ready;
        if (count < 0) {
            const int error = errno;
            const std::string action = fmt::format("reading the passphrase from descriptor {}", fd);
            // Only a signal that asks to stop has a handler.
            return error == EINTR ? Error(ErrorCode::interrupted, action + " was stopped")
                                  : Error::system(error, action);
        }
        if (ready == 0) {
            return Error(
                       ErrorCode::io,
                       fmt::format(
                           "no passphrase came from descriptor {} in {} s",
                           fd,
                           std::chrono::duration_cast<std::chrono::seconds>(timeout).count()
                       )
            )
                .help("have something write it there, or use --passphrase-file FILE");
        }
        if (count == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > longest_passphrase) {
            return Error(
                       ErrorCode::limit,
                       fmt::format(
                           "a passphrase of more than {} bytes on descriptor {}",
                           longest_passphrase,
                           fd
                       )
            )
                .help("its first line is the passphrase");
        }
    }
    return text;
}

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
        .default_str(std::to_string(usual_timeout));
}

Result<std::unique_ptr<apk::Signer>> load_signer(const KeyFlags& flags, const CancelToken& cancel) {
    QUERN_CHECK(expect_no_idle_flag(flags));
    if (!flags.signer.empty()) {
        return command_signer(flags, cancel);
    }
    if (flags.path.empty()) {
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
