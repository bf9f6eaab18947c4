// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/reporter.hpp"
#include "quern/repository.hpp"
#include "repository/key_source.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// When servers may say which keys sign their repositories.
enum class KeyDiscovery {
    when_no_key,  ///< only if the user named no key at all: a key that was named is not overruled
    always,       ///< as apko
    never,
};

struct DiscoveryOptions {
    KeyDiscovery when = KeyDiscovery::when_no_key;
    std::string architecture;  ///< apk's name
    std::int64_t now = 0;      ///< Unix seconds; keys that are deprecated by then are left out
    std::string alpine_releases_url = "https://alpinelinux.org/releases.json";
};

/// Asks the servers of `locations` for the keys of their repositories: Alpine's list of releases
/// for `…/alpine/VERSION/REPO`, and `REPO/apk-configuration` (which names a key set) for each. What
/// TLS does not protect is not asked: http is only for this machine itself. A repository without an
/// answer gives no key. Each key is told to the reporter. Errors: network (the list of releases
/// cannot be read), interrupted. Source: image-and-resolver 3.3.
Result<std::vector<TrustedKey>> discover_keys(
    std::span<const Location> locations,
    const HttpCache& cache,
    const DiscoveryOptions& options,
    Reporter& reporter
);

/// The keys that count for `locations`: those at `places`, then what `options.when` allows.
Result<std::vector<TrustedKey>> gather_keys(
    std::span<const std::string> places,
    std::span<const Location> locations,
    const HttpCache& cache,
    const DiscoveryOptions& options,
    Reporter& reporter
);

}  // namespace quern::repository
