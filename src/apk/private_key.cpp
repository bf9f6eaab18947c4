// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/field_rules.hpp"
#include "apk/key_handle.hpp"
#include "quern/keyring.hpp"
#include "support/atomic_file.hpp"
#include "support/crypto_functions.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

namespace quern::apk {

namespace {

using Bio = Handle<BIO, BIO_free>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

/// What the callback of OpenSSL is given: it never asks on the terminal.
struct Question {
    std::string_view passphrase;
    bool was_asked = false;
};

int answer(char* buffer, int size, int, void* user) {
    auto* question = static_cast<Question*>(user);
    question->was_asked = true;
    const std::string_view text = question->passphrase;
    if (text.empty() || text.size() > static_cast<std::size_t>(size)) {
        return -1;
    }
    std::memcpy(buffer, text.data(), text.size());
    return static_cast<int>(text.size());
}

void wipe(std::string& text) {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

Error no_private_key(std::string_view pem, const Question& question) {
    const std::string reason = take_openssl_error();
    if (question.was_asked && question.passphrase.empty()) {
        return Error(ErrorCode::signature, "the key is encrypted and no passphrase was given")
            .help("give it with --passphrase-file or --passphrase-fd");
    }
    if (question.was_asked) {
        return {ErrorCode::signature, "the passphrase does not open the key"};
    }
    if (pem.find("-----BEGIN PUBLIC KEY-----") != std::string_view::npos) {
        return invalid("this is a public key")
            .help("signing needs the private one, usually the same name without .pub");
    }
    return invalid(fmt::format("not a private key in PEM form ({})", reason))
        .help("`quern keygen NAME.rsa` makes one");
}

const EVP_MD* digest_method(SignatureKind kind) {
    return kind == SignatureKind::rsa      ? EVP_sha1()
           : kind == SignatureKind::rsa256 ? EVP_sha256()
                                           : EVP_sha512();
}

Error openssl_failure(std::string_view action) {
    return {ErrorCode::io, fmt::format("{}: {}", action, take_openssl_error())};
}

}  // namespace

Passphrase::~Passphrase() {
    wipe(text_);
}

PrivateKey::PrivateKey(std::string public_name, std::unique_ptr<State> state)
    : public_name_(std::move(public_name)), state_(std::move(state)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::parse(
    std::string name, std::string_view pem, const Passphrase& passphrase
) {
    if (!is_key_file_name(name)) {
        return invalid("the name of a key must be a file name without a directory");
    }
    if (pem.size() > longest_pem) {
        return invalid("not a private key in PEM form (more than 64 KiB)");
    }
    ERR_clear_error();
    const Bio input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    QUERN_ASSERT(input != nullptr);
    Question question{passphrase.view()};
    Key key(PEM_read_bio_PrivateKey(input.get(), nullptr, &answer, &question));
    if (!key) {
        return no_private_key(pem, question);
    }
    QUERN_CHECK(check_rsa_key(key.get(), fewest_trusted_bits));
    ERR_clear_error();
    auto state = std::make_unique<State>();
    state->key = std::move(key);
    return PrivateKey(std::move(name) + ".pub", std::move(state));
}

Result<PrivateKey> PrivateKey::load(
    const std::filesystem::path& path, const Passphrase& passphrase
) {
    auto key = [&]() -> Result<PrivateKey> {
        QUERN_TRY(std::string pem, read_file(path, longest_pem));
        auto parsed = parse(path.filename().string(), pem, passphrase);
        wipe(pem);
        return parsed;
    }();
    if (!key) {
        const bool is_missing = key.error().code() == ErrorCode::not_found;
        Error error =
            std::move(key).error().context(fmt::format("key {}", printable(path.string())));
        return is_missing ? std::move(error).help(
                                "name the file of a private key; `quern keygen NAME.rsa` makes one"
                            )
                          : std::move(error);
    }
    return key;
}

Result<PrivateKey> PrivateKey::generate(std::string name, int bits) {
    if (!is_key_file_name(name)) {
        return invalid("the name of a key must be a file name without a directory");
    }
    if (bits < fewest_new_bits || bits > most_bits) {
        return Error(
                   ErrorCode::usage,
                   fmt::format(
                       "a key of {} bits: {} to {} are possible", bits, fewest_new_bits, most_bits
                   )
        )
            .help("4096 is usual");
    }
    ERR_clear_error();
    Key key(EVP_RSA_gen(static_cast<unsigned>(bits)));
    if (!key) {
        return openssl_failure("making a key");
    }
    auto state = std::make_unique<State>();
    state->key = std::move(key);
    return PrivateKey(std::move(name) + ".pub", std::move(state));
}

Result<PublicKey> PrivateKey::public_key() const {
    const Bio output(BIO_new(BIO_s_mem()));
    ERR_clear_error();
    if (!output || PEM_write_bio_PUBKEY(output.get(), state_->key.get()) != 1) {
        return openssl_failure("writing the public key");
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(output.get(), &text);
    return PublicKey::parse({text, static_cast<std::size_t>(size)});
}

Result<std::string> PrivateKey::to_pem(const Passphrase& passphrase) const {
    ERR_clear_error();
    const Bio output(BIO_new(BIO_s_secmem()));
    const std::string_view secret = passphrase.view();
    const bool written =
        output != nullptr &&
        (secret.empty() ? PEM_write_bio_PrivateKey_traditional(
                              output.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr
                          )
                        : PEM_write_bio_PKCS8PrivateKey(
                              output.get(),
                              state_->key.get(),
                              EVP_aes_256_cbc(),
                              secret.data(),
                              static_cast<int>(secret.size()),
                              nullptr,
                              nullptr
                          )) == 1;
    if (!written) {
        return openssl_failure("writing the private key");
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(output.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

Result<Signature> PrivateKey::sign(const SignedDigests& digests, SignatureKind kind) const {
    ERR_clear_error();
    const std::string digest = digests.digest(kind);
    std::unique_lock<std::mutex> turn;
    if (state_->is_in_token) {
        turn = std::unique_lock(state_->mutex);
    }
    const auto* input = reinterpret_cast<const unsigned char*>(digest.data());
    const KeyContext context(EVP_PKEY_CTX_new(state_->key.get(), nullptr));
    std::size_t size = 0;
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), digest_method(kind)) != 1 ||
        EVP_PKEY_sign(context.get(), nullptr, &size, input, digest.size()) != 1) {
        return openssl_failure("signing");
    }
    Signature signature{kind, public_name_, std::string(size, '\0')};
    auto* output = reinterpret_cast<unsigned char*>(signature.bytes.data());
    if (EVP_PKEY_sign(context.get(), output, &size, input, digest.size()) != 1) {
        return openssl_failure("signing");
    }
    signature.bytes.resize(size);
    return signature;
}

}  // namespace quern::apk
