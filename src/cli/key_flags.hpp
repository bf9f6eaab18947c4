// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/keyring.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace quern {
class CancelToken;
}

namespace quern::cli {

/// Flags that say who signs: the file of a key with its passphrase, or a command.
struct KeyFlags {
    std::string path;
    std::string passphrase_file;
    int passphrase_fd = -1;
    std::string signer;           ///< --signer: words as a shell splits them
    std::string signer_key;       ///< --signer-key: file of the public key
    int signer_timeout = 0;       ///< seconds; 0: as usual
    std::string usual_path = {};  ///< what `path` is if nobody says it
};
/// All but the flag of the key's file, whose name differs between commands.
void add_signer_flags(CLI::App& app, KeyFlags& flags);
/// Who signs, null if nobody does. The command goes before the file, for which some commands have a
/// default. Asks for a passphrase on the terminal where one is needed and none was given. `cancel`
/// outlives what is given. Errors: usage, not_found, invalid_data, signature.
Result<std::unique_ptr<apk::Signer>> load_signer(const KeyFlags& flags, const CancelToken& cancel);

/// A keyring from paths of keys or directories of keys. Errors: not_found, invalid_data.
Result<apk::Keyring> load_keyring(const std::vector<std::string>& paths);

/// What a descriptor says up to the end of its first line: who writes need not close. `timeout` is
/// for each piece. Errors: io (also: nothing comes, and nobody closes), limit, interrupted.
Result<std::string> read_passphrase(int fd, std::chrono::milliseconds timeout);

}  // namespace quern::cli
