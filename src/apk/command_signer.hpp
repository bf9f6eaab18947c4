// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/keyring.hpp"
#include "support/cancel.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace quern::apk {

/// Signs by a command, so that the key may lie where this process cannot read it: a key service, a
/// card. The command gets the digest, raw, on its standard input and gives the signature (PKCS#1
/// v1.5), raw, on its standard output. Its environment has PATH, QUERN_DIGEST (sha1, sha256 or
/// sha512) and QUERN_KEY (the name of the public key), nothing else. Each signature is checked with
/// the public key before anybody sees it.
class CommandSigner final : public Signer {
 public:
    struct Options {
        std::vector<std::string> command;                              ///< words, the program first
        std::string public_name;                                       ///< "alice.rsa.pub"
        std::chrono::milliseconds timeout = std::chrono::seconds(60);  ///< then it is killed
    };
    using Signer::sign;
    /// `cancel` outlives the signer. Errors: usage (no command), invalid_data (a bad name).
    static Result<CommandSigner> create(Options options, PublicKey key, const CancelToken& cancel);

    const std::string& public_key_name() const override { return options_.public_name; }
    Result<PublicKey> public_key() const override { return key_; }
    /// Errors: signature (the command failed, or gave no signature of this key), not_found, io,
    /// limit (too slow, too much output), interrupted.
    Result<Signature> sign(const SignedDigests& digests, SignatureKind kind) const override;

 private:
    CommandSigner(Options options, PublicKey key, Keyring ring, const CancelToken& cancel);
    Options options_;
    PublicKey key_;
    Keyring ring_;
    const CancelToken* cancel_;
};

}  // namespace quern::apk
