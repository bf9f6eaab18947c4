// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/index_flags.hpp"

#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/package_info.hpp"
#include "repository/index_client.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <memory>
#include <utility>

namespace quern::cli {
namespace {

std::string apk_architecture(const std::string& name) {
    return name == "host" ? apk::host_architecture() : apk::to_apk_architecture(name);
}

/// An index by itself, as text or archive, without a signature check.
Result<apk::IndexTable> read_index_bytes(const std::string& path) {
    QUERN_TRY(std::string bytes, read_file(path));
    if (!bytes.starts_with("\x1f\x8b")) {
        return apk::IndexTable::parse(std::move(bytes));
    }
    QUERN_TRY(const apk::VerifiedBody body, apk::verified_index_body(bytes, nullptr));
    return apk::read_index_table(body.bytes);
}

/// FILE or FILE@tag.
Result<repository::RepositoryIndex> read_index_file(
    const std::string& argument, const std::string& architecture
) {
    repository::RepositoryIndex read;
    read.location.base = argument;
    if (const std::size_t at = argument.rfind('@'); at != std::string::npos && at > 0) {
        read.location.base = argument.substr(0, at);
        read.location.tag = argument.substr(at + 1);
    }
    read.architecture = architecture;
    auto index = read_index_bytes(read.location.base);
    if (!index && index.error().code() == ErrorCode::invalid_data) {
        // The file is the question here: a wrong one has no answer, as a wrong world has none.
        return Error(ErrorCode::unsatisfiable, index.error().message())
            .context(fmt::format("reading {}", read.location.base))
            .help("name an index (APKINDEX.tar.gz); `quern index` makes one of packages");
    }
    if (!index && index.error().system_number() != 0) {
        return std::move(index).error();  // it names the file
    }
    if (!index) {
        return std::move(index).error().context(fmt::format("reading {}", read.location.base));
    }
    read.packages = std::move(*index);
    return read;
}

Result<void> read_files(const IndexFlags& flags, Indexes& indexes) {
    for (const std::string& file : flags.index_files) {
        QUERN_TRY(auto index, read_index_file(file, apk_architecture(flags.architecture)));
        indexes.own.push_back(std::move(index));
    }
    for (const std::string& peer : flags.peer_files) {
        const std::size_t equals = peer.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error(
                       ErrorCode::usage,
                       fmt::format("'{}' does not say of which architecture it is", printable(peer))
            )
                .help("--peer-index ARCH=FILE");
        }
        QUERN_TRY(
            auto index,
            read_index_file(peer.substr(equals + 1), apk_architecture(peer.substr(0, equals)))
        );
        indexes.peers.push_back(std::move(index));
    }
    return {};
}

/// The keys that the user named and those that servers may name.
Result<apk::Keyring> read_keyring(
    const IndexFlags& flags, const std::vector<repository::Location>& locations, Session& session
) {
    const repository::HttpCache cache(session.cache() / "keys", session.fetcher(), flags.offline);
    const repository::DiscoveryOptions discovery = {
        .when = flags.ignore_signatures ? repository::KeyDiscovery::never
                                        : key_discovery(flags.key_discovery),
        .architecture = apk_architecture(flags.architecture),
        .now = static_cast<std::int64_t>(std::time(nullptr)),
    };
    QUERN_TRY(
        const auto keys,
        repository::gather_keys(flags.keyring, locations, cache, discovery, session.reporter())
    );
    return repository::make_keyring(keys);
}

Result<void> read_repositories(
    const IndexFlags& flags, const Invocation& invocation, Indexes& indexes
) {
    SessionOptions options;
    options.offline = flags.offline;
    QUERN_TRY(const auto session, Session::create(invocation, options));
    std::vector<repository::Location> locations;
    for (const std::string& line : flags.repositories) {
        QUERN_TRY(repository::Location location, repository::Location::parse(line));
        locations.push_back(std::move(location));
    }
    QUERN_TRY(const apk::Keyring keyring, read_keyring(flags, locations, *session));
    repository::IndexClientOptions client = {
        .architecture = apk_architecture(flags.architecture),
        .cache_directory = session->cache() / "indexes",
        .ignore_signatures = flags.ignore_signatures,
        .offline = flags.offline,
        .limits = invocation.global.limits.index,
    };
    const auto read_into = [&](std::vector<repository::RepositoryIndex>& list) -> Result<void> {
        QUERN_TRY(
            auto read,
            repository::read_indexes(
                locations, keyring, session->fetcher(), client, session->reporter()
            )
        );
        list.insert(
            list.end(), std::make_move_iterator(read.begin()), std::make_move_iterator(read.end())
        );
        return {};
    };
    QUERN_CHECK(read_into(indexes.own));
    for (const std::string& peer : flags.peers) {
        client.architecture = apk_architecture(peer);
        QUERN_CHECK(read_into(indexes.peers));
    }
    return {};
}

}  // namespace

void add_resolve_timeout_flag(CLI::App& app, std::uint64_t& seconds) {
    add_option(
        app,
        "--resolve-timeout",
        seconds,
        "seconds to search where the packages chosen first do not fit together"
    )
        ->capture_default_str();
}

std::chrono::seconds resolve_timeout(std::uint64_t seconds) {
    constexpr std::uint64_t day = 86'400;
    return std::chrono::seconds(std::min(seconds, day));
}

void add_key_discovery_flag(CLI::App& app, std::string& value) {
    add_option(
        app,
        "--key-discovery",
        value,
        "ask https repositories for their keys: auto (where no key is named), always, never"
    )
        ->check(one_of({"auto", "always", "never"}))
        ->capture_default_str();
}

repository::KeyDiscovery key_discovery(const std::string& value) {
    return value == "always"  ? repository::KeyDiscovery::always
           : value == "never" ? repository::KeyDiscovery::never
                              : repository::KeyDiscovery::when_no_key;
}

void add_index_flags(CLI::App& app, IndexFlags& flags) {
    add_list(
        app, "--index", flags.index_files, "index files: text or APKINDEX.tar.gz, FILE or FILE@tag"
    );
    add_list(
        app,
        "--peer-index",
        flags.peer_files,
        "indexes of further architectures, ARCH=FILE or ARCH=FILE@tag: choose only what each has "
        "in the same version"
    );
    add_list(
        app,
        "-r,--repository,--repository-append",
        flags.repositories,
        "repositories: directories or URLs, BASE or '@tag BASE'"
    );
    add_list(
        app,
        "--peer-arch",
        flags.peers,
        "further architectures of the repositories: choose only what each has in the same version"
    );
    add_list(
        app,
        "-k,--keyring-append",
        flags.keyring,
        "trusted public keys of the repositories: files, directories or URLs"
    );
    add_key_discovery_flag(app, flags.key_discovery);
    add_option(app, "--arch", flags.architecture, "architecture")->capture_default_str();
    add_flag(app, "--ignore-signatures", flags.ignore_signatures, "take unsigned repositories");
    add_flag(app, "--offline", flags.offline, "use only what is in the cache");
    add_resolve_timeout_flag(app, flags.resolve_timeout);
}

std::string chosen_architecture(const IndexFlags& flags) {
    return apk_architecture(flags.architecture);
}

repository::ResolveOptions Indexes::options(const IndexFlags& flags) const {
    return {
        .time_limit = resolve_timeout(flags.resolve_timeout),
        .peers = peers,
    };
}

Result<Indexes> read_indexes(const IndexFlags& flags, const Invocation& invocation) {
    Indexes indexes;
    QUERN_CHECK(read_files(flags, indexes));
    if (!flags.repositories.empty()) {
        QUERN_CHECK(read_repositories(flags, invocation, indexes));
    }
    if (indexes.own.empty() && !flags.repositories.empty()) {
        const std::string architecture = apk_architecture(flags.architecture);
        std::string names;
        for (const std::string& line : flags.repositories) {
            names += (names.empty() ? "" : ", ") + redact_url(line);
        }
        return Error(
                   ErrorCode::not_found,
                   fmt::format("no index for {} in {}", architecture, printable(names))
        )
            .help(fmt::format(
                "name the directory or URL above {}/APKINDEX.tar.gz; `quern index` makes an index",
                architecture
            ));
    }
    if (indexes.own.empty()) {
        return Error(ErrorCode::usage, "there is nothing to resolve from")
            .help("add --index FILE or --repository DIR");
    }
    return indexes;
}

Result<std::vector<apk::Dependency>> parse_world(const std::vector<std::string>& words) {
    auto world = repository::parse_world(words);
    if (!world) {
        return Error(ErrorCode::usage, world.error().message()).help(world.error().help());
    }
    return world;
}

void print_notes(const std::vector<std::string>& notes, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    for (const std::string& note : notes) {
        reporter->note(note);
    }
}

nlohmann::ordered_json to_json(const repository::Refusal& refusal) {
    nlohmann::ordered_json reasons = nlohmann::ordered_json::array();
    for (const repository::Reason& reason : refusal.reasons) {
        reasons.push_back(
            {{"rule", reason.rule},
             {"packages", reason.packages},
             {"relation", reason.relation},
             {"text", reason.text}}
        );
    }
    return {{"satisfiable", false}, {"reasons", reasons}, {"help", refusal.help}};
}

}  // namespace quern::cli
