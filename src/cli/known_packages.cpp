// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/known_packages.hpp"

#include "cli/session.hpp"
#include "repository/index_client.hpp"

namespace quern::cli {
namespace {

void add_names(const apk::IndexTable& table, std::set<std::string, std::less<>>& names) {
    for (std::size_t i = 0; i < table.name_count(); ++i) {
        names.emplace(table.name(i).text);
    }
}

}  // namespace

void add_repository_flags(CLI::App& app, RepositoryFlags& flags) {
    add_list(
        app,
        "-r,--repository-append",
        flags.repositories,
        "repositories that must have every package that is needed: directories or URLs"
    );
    add_list(app, "-k,--keyring-append", flags.keyring, "trusted public keys of the repositories");
    add_flag(app, "--ignore-signatures", flags.ignore_signatures, "take unsigned repositories");
    add_flag(app, "--offline", flags.offline, "use only what is in the cache");
}

Result<std::set<std::string, std::less<>>> known_packages(
    const RepositoryFlags& flags,
    const std::vector<std::string>& architectures,
    const Invocation& invocation
) {
    SessionOptions session_options;
    session_options.offline = flags.offline;
    QUERN_TRY(const auto session, Session::create(invocation, session_options));
    std::vector<repository::Location> locations;
    for (const std::string& line : flags.repositories) {
        QUERN_TRY(repository::Location location, repository::Location::parse(line));
        locations.push_back(std::move(location));
    }
    QUERN_TRY(const apk::Keyring keyring, load_keyring(flags.keyring));
    std::set<std::string, std::less<>> names;
    for (const std::string& architecture : architectures) {
        const repository::IndexClientOptions client = {
            .architecture = architecture,
            .cache_directory = session->cache() / "indexes",
            .ignore_signatures = flags.ignore_signatures,
            .offline = flags.offline,
            .limits = {},
        };
        QUERN_TRY(
            const auto indexes,
            repository::read_indexes(
                locations, keyring, session->fetcher(), client, session->reporter()
            )
        );
        for (const repository::RepositoryIndex& index : indexes) {
            add_names(index.packages, names);
        }
    }
    return names;
}

}  // namespace quern::cli
