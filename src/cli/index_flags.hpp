// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "quern/dependency.hpp"
#include "quern/repository.hpp"
#include "quern/resolver.hpp"
#include "repository/key_discovery.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace quern::cli {

constexpr std::uint64_t default_resolve_timeout = 10;  ///< seconds
void add_resolve_timeout_flag(CLI::App& app, std::uint64_t& seconds);
/// At most a day: more is no limit, and would not fit in every clock.
std::chrono::seconds resolve_timeout(std::uint64_t seconds);

/// `value`: "auto" until the flag says otherwise.
void add_key_discovery_flag(CLI::App& app, std::string& value);
repository::KeyDiscovery key_discovery(const std::string& value);

/// Flags of the commands that choose packages: where from, for which machine, for how long.
struct IndexFlags {
    std::vector<std::string> index_files;   ///< FILE or FILE@tag, no signature is looked at
    std::vector<std::string> peer_files;    ///< ARCH=FILE or ARCH=FILE@tag
    std::vector<std::string> peers;         ///< architectures of the same repositories
    std::vector<std::string> repositories;  ///< BASE or "@tag BASE"
    std::vector<std::string> keyring;
    std::string architecture = "host";
    std::string key_discovery = "auto";
    bool ignore_signatures = false, offline = false;
    std::uint64_t resolve_timeout = default_resolve_timeout;
};
void add_index_flags(CLI::App& app, IndexFlags& flags);
/// apk's name of `--arch`.
std::string chosen_architecture(const IndexFlags& flags);

/// What the flags name, read.
struct Indexes {
    std::vector<repository::RepositoryIndex> own, peers;

    repository::ResolveOptions options(const IndexFlags& flags) const;
};
/// Errors: usage (nothing to choose from), those of reading indexes.
Result<Indexes> read_indexes(const IndexFlags& flags, const Invocation& invocation);

/// Errors: usage.
Result<std::vector<apk::Dependency>> parse_world(const std::vector<std::string>& words);

/// Says what a search changed, on stderr.
void print_notes(const std::vector<std::string>& notes, const Invocation& invocation);
/// {satisfiable: false, reasons: [{rule, packages, relation, text}], help}
nlohmann::ordered_json to_json(const repository::Refusal& refusal);

}  // namespace quern::cli
