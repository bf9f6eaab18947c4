// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// The digest that a signature is made over; the names are those in ".SIGN.<name>.".
enum class SignatureKind { rsa, rsa256, rsa512 };

/// One signature beside signed bytes.
struct Signature {
    SignatureKind kind = SignatureKind::rsa256;
    std::string key_name;  ///< file name of the public key: "alice.rsa.pub"
    std::string bytes;     ///< raw
};

/// A trusted public key.
class PublicKey {
 public:
    /// PEM SubjectPublicKeyInfo of an RSA key of 1,024 to 16,384 bits. Errors: invalid_data.
    static Result<PublicKey> parse(std::string_view pem);
    PublicKey(const PublicKey&);
    PublicKey& operator=(const PublicKey&);
    PublicKey(PublicKey&&) noexcept;
    PublicKey& operator=(PublicKey&&) noexcept;
    ~PublicKey();
    std::string to_pem() const;
    int bits() const;
    /// SHA-256 of the DER form, hex: to be read aloud and compared.
    std::string fingerprint() const;

 private:
    friend class Keyring;
    friend class PrivateKey;
    struct State;
    explicit PublicKey(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

/// A set of trusted public keys by file name. Nothing is trusted that was not added.
class Keyring {
 public:
    /// `name` is a file name without directory; "x.rsa.pub". Errors: invalid_data (a name with '/'
    /// or control characters, or empty).
    Result<void> add(std::string name, PublicKey key);
    /// Reads one PEM file; its file name becomes the key's. Errors: not_found, io, invalid_data.
    Result<void> add_file(const std::filesystem::path& path);
    /// All `*.pub` of a directory; a missing directory is an error.
    Result<void> add_directory(const std::filesystem::path& directory);
    bool is_empty() const { return keys_.empty(); }
    std::vector<std::string> names() const;
    const PublicKey* find(std::string_view name) const;
    void merge(const Keyring& other);

    /// Checks signatures as apk does: the first one whose key is in the ring decides, the others
    /// are not looked at. Gives the name of the key. Errors: signature (none, no known key,
    /// mismatch), unsupported. Source: apk-tools 3.0.6 src/extract_v2.c; apk-format 1.1.
    Result<std::string> verify(
        const std::vector<Signature>& signatures, const class SignedDigests& digests
    ) const;

 private:
    std::map<std::string, PublicKey, std::less<>> keys_;
};

/// Digests of the signed bytes, one for each kind of signature; computed by feeding the bytes once.
class SignedDigests {
 public:
    SignedDigests();
    /// Of the kinds of these signatures alone: for many bytes that is a third of the time.
    explicit SignedDigests(const std::vector<Signature>& signatures);
    SignedDigests(SignedDigests&&) noexcept;
    SignedDigests& operator=(SignedDigests&&) noexcept;
    SignedDigests(const SignedDigests&) = delete;
    SignedDigests& operator=(const SignedDigests&) = delete;
    ~SignedDigests();
    void update(std::string_view bytes);
    /// Raw digest bytes of a kind that was wanted. `update` must not be called afterwards.
    std::string digest(SignatureKind kind) const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Gives the passphrase of an encrypted key; the text is wiped after use.
class Passphrase {
 public:
    Passphrase() = default;
    explicit Passphrase(std::string text) : text_(std::move(text)) {}
    Passphrase(Passphrase&&) noexcept = default;
    Passphrase& operator=(Passphrase&&) noexcept = default;
    Passphrase(const Passphrase&) = delete;
    Passphrase& operator=(const Passphrase&) = delete;
    ~Passphrase();
    std::string_view view() const { return text_; }

 private:
    std::string text_;
};

/// Whether a text names a key in a token, not a file.
bool is_token_uri(std::string_view text);

/// Makes signatures by one RSA key, wherever it lies. Thread safety: const methods.
class Signer {
 public:
    virtual ~Signer() = default;
    /// File name of the public key, which signatures carry: "alice.rsa.pub".
    virtual const std::string& public_key_name() const = 0;
    virtual Result<PublicKey> public_key() const = 0;
    /// PKCS#1 v1.5 over a digest. Errors: signature, io, and those of where the key lies.
    virtual Result<Signature> sign(const SignedDigests& digests, SignatureKind kind) const = 0;
    Result<Signature> sign(const SignedDigests& digests) const {
        return sign(digests, SignatureKind::rsa256);
    }

 protected:
    Signer() = default;
    Signer(const Signer&) = default;
    Signer(Signer&&) = default;
    Signer& operator=(const Signer&) = default;
    Signer& operator=(Signer&&) = default;
};

/// A private RSA key. Not copyable, not printable.
class PrivateKey final : public Signer {
 public:
    using Signer::sign;
    /// PEM PKCS#1 or PKCS#8, encrypted or not. `name` is the file name without directory;
    /// signatures carry it with ".pub" behind. Errors: invalid_data (no key, not RSA), signature
    /// (encrypted: no or wrong passphrase).
    static Result<PrivateKey> parse(
        std::string name, std::string_view pem, const Passphrase& passphrase = {}
    );
    static Result<PrivateKey> load(
        const std::filesystem::path& path, const Passphrase& passphrase = {}
    );
    /// A key that a token holds (a card, a hardware module), by its "pkcs11:" URI (RFC 7512): it
    /// signs there. `public_name` is the file name of its public key: "alice.rsa.pub". The library
    /// of the token is what PKCS11_MODULE_PATH names. Errors: unsupported (OpenSSL has no engine
    /// for it), signature (no such key, wrong PIN), io, invalid_data.
    static Result<PrivateKey> open_token(
        std::string public_name, const std::string& uri, const Passphrase& pin = {}
    );
    /// Errors: usage (under 2,048 or over 16,384 bits).
    static Result<PrivateKey> generate(std::string name, int bits);
    PrivateKey(PrivateKey&&) noexcept;
    PrivateKey& operator=(PrivateKey&&) noexcept;
    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;
    ~PrivateKey() override;

    const std::string& public_key_name() const override { return public_name_; }
    Result<PublicKey> public_key() const override;
    /// PKCS#1 PEM (as melange writes it), or encrypted PKCS#8 if a passphrase is given.
    Result<std::string> to_pem(const Passphrase& passphrase = {}) const;
    Result<Signature> sign(const SignedDigests& digests, SignatureKind kind) const override;

 private:
    struct State;
    PrivateKey(std::string public_name, std::unique_ptr<State> state);
    std::string public_name_;
    std::unique_ptr<State> state_;
};

}  // namespace quern::apk
