// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Keys are found by file name, as clients find them; nothing is looked for in a default place.
// OpenSSL's error queue is per thread and outlives calls, so it is emptied before each and read at
// once after a failure.
#include "quern/keyring.hpp"

#include "apk/field_rules.hpp"
#include "apk/key_handle.hpp"
#include "apk/rsa_public_key.hpp"
#include "support/atomic_file.hpp"
#include "support/crypto_functions.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <system_error>
#include <utility>

namespace quern::apk {

namespace {

using Bio = Handle<BIO, BIO_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using BigNumber = Handle<BIGNUM, BN_free>;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

/// OpenSSL asks for a passphrase on the terminal unless it is given a way to ask; ours has none.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// SubjectPublicKeyInfo in DER.
std::string to_der(EVP_PKEY* key) {
    unsigned char* bytes = nullptr;
    const int size = i2d_PUBKEY(key, &bytes);
    QUERN_ASSERT(size > 0);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
}

/// Says what a file is that is no public key, without its content.
Error not_a_public_key(std::string_view pem) {
    if (pem.find("PRIVATE KEY-----") != std::string_view::npos) {
        return invalid("this is a private key")
            .help("give its public half, the file that ends in .pub, and keep this one to yourself"
            );
    }
    return invalid(fmt::format("not a public key in PEM form ({})", take_openssl_error()))
        .help("it holds '-----BEGIN PUBLIC KEY-----' and all up to the END line");
}

const EVP_MD* digest_method(SignatureKind kind) {
    switch (kind) {
        case SignatureKind::rsa:
            return EVP_sha1();
        case SignatureKind::rsa256:
            return EVP_sha256();
        case SignatureKind::rsa512:
            return EVP_sha512();
    }
    QUERN_ASSERT(false);
    return nullptr;
}

bool is_signed_by(EVP_PKEY* key, const Signature& signature, std::string_view digest) {
    ERR_clear_error();
    const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    const bool holds =
        context && EVP_PKEY_verify_init(context.get()) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context.get(), digest_method(signature.kind)) == 1 &&
        EVP_PKEY_verify(
            context.get(),
            octets(signature.bytes),
            signature.bytes.size(),
            octets(digest),
            digest.size()
        ) == 1;
    ERR_clear_error();
    return holds;
}

}  // namespace

std::string take_openssl_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "no reason given" : reason;
}

Result<void> check_rsa_key(evp_pkey_st* key, int fewest) {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        const char* type = EVP_PKEY_get0_type_name(key);
        return invalid(fmt::format(
                           "a key of type {}: apk packages are signed with RSA",
                           type == nullptr ? "unknown" : type
                       ))
            .help("`quern keygen NAME.rsa` makes a pair");
    }
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < fewest || bits > most_bits) {
        return invalid(
            fmt::format("an RSA key of {} bits: {} to {} are accepted", bits, fewest, most_bits)
        );
    }
    BIGNUM* exponent = nullptr;
    const bool has_exponent = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
    const BigNumber owner(exponent);
    // A long exponent makes each verification as slow as a signature.
    if (!has_exponent || BN_num_bits(exponent) > 64 || BN_is_odd(exponent) == 0 ||
        BN_is_one(exponent) == 1) {
        return invalid("an RSA key with an exponent that is not in use");
    }
    return {};
}

PublicKey::PublicKey(std::shared_ptr<State> state) : state_(std::move(state)) {}
PublicKey::PublicKey(const PublicKey&) = default;
PublicKey& PublicKey::operator=(const PublicKey&) = default;
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::parse(std::string_view pem) {
    if (pem.size() > longest_pem) {
        return invalid("not a public key in PEM form (more than 64 KiB)");
    }
    if (const auto first = pem.find("-----BEGIN ");
        first != std::string_view::npos &&
        pem.find("-----BEGIN ", first + 1) != std::string_view::npos) {
        return invalid("more than one PEM block: a key file holds one key");
    }
    ERR_clear_error();
    std::shared_ptr<EVP_PKEY> key = read_rsa_public_key(pem);
    if (!key) {
        ERR_clear_error();
        const Bio input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
        QUERN_ASSERT(input != nullptr);
        key.reset(
            PEM_read_bio_PUBKEY(input.get(), nullptr, &no_passphrase, nullptr), EVP_PKEY_free
        );
    }
    if (!key) {
        return not_a_public_key(pem);
    }
    QUERN_CHECK(check_rsa_key(key.get(), fewest_trusted_bits));
    ERR_clear_error();
    return PublicKey(std::make_shared<State>(State{std::move(key)}));
}

std::string PublicKey::to_pem() const {
    const Bio output(BIO_new(BIO_s_mem()));
    QUERN_ASSERT(output != nullptr && PEM_write_bio_PUBKEY(output.get(), state_->key.get()) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(output.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

int PublicKey::bits() const {
    return EVP_PKEY_get_bits(state_->key.get());
}

std::string PublicKey::fingerprint() const {
    return digest_of(DigestKind::sha256, to_der(state_->key.get())).hex();
}

Result<void> Keyring::add(std::string name, PublicKey key) {
    if (!is_key_file_name(name)) {
        // What was given may be key material: it is not repeated.
        return invalid("the name of a key must be a file name without a directory");
    }
    keys_.insert_or_assign(std::move(name), std::move(key));
    return {};
}

Result<void> Keyring::add_file(const std::filesystem::path& path) {
    auto key = [&]() -> Result<PublicKey> {
        QUERN_TRY(const std::string pem, read_file(path, longest_pem));
        return PublicKey::parse(pem);
    }();
    if (!key) {
        const bool is_missing = key.error().code() == ErrorCode::not_found;
        Error error =
            std::move(key).error().context(fmt::format("key {}", printable(path.string())));
        return is_missing
                   ? std::move(error).help("name the file of a public key, or a directory of *.pub")
                   : std::move(error);
    }
    return add(path.filename().string(), std::move(*key));
}

Result<void> Keyring::add_directory(const std::filesystem::path& directory) {
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator i(directory, failure), end; !failure && i != end;
         i.increment(failure)) {
        if (i->path().extension() == ".pub") {
            files.push_back(i->path());
        }
    }
    if (failure) {
        return Error::system(
            failure.value(), fmt::format("reading the keys in {}", printable(directory.string()))
        );
    }
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& file : files) {
        QUERN_CHECK(add_file(file));
    }
    return {};
}

std::vector<std::string> Keyring::names() const {
    std::vector<std::string> list;
    for (const auto& [name, key] : keys_) {
        list.push_back(name);
    }
    return list;
}

const PublicKey* Keyring::find(std::string_view name) const {
    const auto found = keys_.find(name);
    return found == keys_.end() ? nullptr : &found->second;
}

void Keyring::merge(const Keyring& other) {
    for (const auto& [name, key] : other.keys_) {
        keys_.insert_or_assign(name, key);
    }
}

Result<std::string> Keyring::verify(
    const std::vector<Signature>& signatures, const SignedDigests& digests
) const {
    std::vector<std::string> signers;
    for (const Signature& signature : signatures) {
        signers.push_back(printable(signature.key_name));
        const PublicKey* key = find(signature.key_name);
        if (key == nullptr) {
            continue;
        }
        if (!is_signed_by(key->state_->key.get(), signature, digests.digest(signature.kind))) {
            return Error(
                       ErrorCode::signature,
                       fmt::format("the signature by {} does not match", signers.back())
            )
                .help(
                    "the bytes were changed after signing, or the key of this name is not the one "
                    "that signed"
                );
        }
        return signature.key_name;
    }
    if (signers.empty()) {
        return Error(
            ErrorCode::signature,
            "not signed, or by no kind of signature that is known (RSA, RSA256, RSA512)"
        );
    }
    const std::string trusted = keys_.empty() ? "none" : join(names(), ", ");
    return Error(
               ErrorCode::signature,
               fmt::format("signed by {}, which is not trusted", join(signers, ", "))
    )
        .help(fmt::format(
            "trusted keys: {}; add a public key with --keyring-append FILE, named as in the "
            "signature",
            printable(trusted)
        ));
}

struct SignedDigests::State {
    std::array<std::optional<Hasher>, 3> hashers;
    std::array<std::string, 3> finished;

    void want(SignatureKind kind) {
        static constexpr std::array<DigestKind, 3> kinds = {
            DigestKind::sha1, DigestKind::sha256, DigestKind::sha512};
        const auto place = static_cast<std::size_t>(kind);
        if (!hashers.at(place)) {
            hashers.at(place).emplace(kinds.at(place));
        }
    }
};

SignedDigests::SignedDigests() : state_(std::make_unique<State>()) {
    for (const auto kind : {SignatureKind::rsa, SignatureKind::rsa256, SignatureKind::rsa512}) {
        state_->want(kind);
    }
}

SignedDigests::SignedDigests(const std::vector<Signature>& signatures)
    : state_(std::make_unique<State>()) {
    for (const Signature& signature : signatures) {
        state_->want(signature.kind);
    }
}
SignedDigests::SignedDigests(SignedDigests&&) noexcept = default;
SignedDigests& SignedDigests::operator=(SignedDigests&&) noexcept = default;
SignedDigests::~SignedDigests() = default;

void SignedDigests::update(std::string_view bytes) {
    for (auto& hasher : state_->hashers) {
        if (hasher) {
            hasher->update(bytes);
        }
    }
}

std::string SignedDigests::digest(SignatureKind kind) const {
    const auto place = static_cast<std::size_t>(kind);
    std::string& finished = state_->finished.at(place);
    if (finished.empty()) {
        const Digest digest = state_->hashers.at(place)->finish();
        finished.assign(digest.bytes().begin(), digest.bytes().end());
    }
    return finished;
}

}  // namespace quern::apk
