// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"
#include "support/file_reader.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace quern::image {

/// What a registry is told of who asks. Never printed.
struct Credentials {
    std::string user;
    std::string password;
    std::string identity_token;  ///< in place of a password: exchanged for a token

    bool is_empty() const { return user.empty() && password.empty() && identity_token.empty(); }
};

/// Where credentials are looked for.
struct CredentialSources {
    std::filesystem::path docker_config;             ///< …/config.json; may be missing
    std::map<std::string, std::string> environment;  ///< GITHUB_TOKEN; also what helpers see

    /// $DOCKER_CONFIG/config.json or ~/.docker/config.json, and the environment of this process.
    static CredentialSources of_process();
};

/// What is known for exactly this host (and port): of the helper that Docker's configuration names
/// for it, of the one that it names for all, of the configuration itself, of GITHUB_TOKEN for
/// ghcr.io. Empty if nothing is. Errors: invalid_data (the configuration), io (a helper that fails;
/// what it says is not repeated but for its first line).
/// Source: docker config.json reference; docker-credential-helpers README, "Development".
Result<Credentials> find_credentials(
    const std::string& host,
    const CredentialSources& sources,
    const FileReader& reader,
    const CancelToken& cancel
);

}  // namespace quern::image
