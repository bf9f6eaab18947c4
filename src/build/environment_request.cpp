// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/environment_request.hpp"

#include "fetch/fetcher.hpp"
#include "repository/key_discovery.hpp"

#include <ctime>
#include <initializer_list>
#include <set>
#include <utility>

namespace quern::build {
namespace {

std::vector<std::string> merge_sorted(
    std::initializer_list<const std::vector<recipe::Text>*> from_recipe,
    const std::vector<std::string>& from_options
) {
    std::set<std::string> merged(from_options.begin(), from_options.end());
    for (const std::vector<recipe::Text>* texts : from_recipe) {
        for (const recipe::Text& text : *texts) {
            merged.insert(text.value);
        }
    }
    return {merged.begin(), merged.end()};
}

Result<std::vector<repository::Location>> parse_locations(const std::vector<std::string>& lines) {
    std::vector<repository::Location> locations;
    for (const std::string& line : lines) {
        QUERN_TRY(repository::Location location, repository::Location::parse(line));
        locations.push_back(std::move(location));
    }
    if (locations.empty()) {
        return Error(ErrorCode::usage, "there is no repository to take the build environment from")
            .help(
                "add one with --repository-append, or under environment.contents.repositories of "
                "the recipe; "
                "`quern seed` makes one from a Debian mirror"
            );
    }
    return locations;
}

}  // namespace

Result<EnvironmentRequest> gather_request(
    const recipe::Environment& environment,
    std::string_view architecture,
    const EnvironmentOptions& options,
    const Services& services
) {
    EnvironmentRequest request;
    request.architecture = architecture;
    request.ignores_signatures = options.ignore_signatures;
    request.repositories = merge_sorted(
        {&environment.repositories, &environment.build_repositories}, options.repositories
    );
    request.key_places = merge_sorted({&environment.keyring}, options.keyring);
    request.wanted = merge_sorted({&environment.packages}, options.extra_packages);
    QUERN_TRY(request.locations, parse_locations(request.repositories));
    if (options.ignore_signatures) {
        services.reporter.warning(
            "--ignore-signatures: whoever can change an index chooses the packages; only what "
            "hangs "
            "on the index is checked"
        );
    }
    const repository::HttpCache cache(
        services.cache_directory / "keys", services.fetcher, options.offline
    );
    // The clock decides only whether a key of a public list is old by now.
    const repository::DiscoveryOptions discovery = {
        .when = options.ignore_signatures ? repository::KeyDiscovery::never : options.key_discovery,
        .architecture = request.architecture,
        .now = static_cast<std::int64_t>(std::time(nullptr)),
    };
    QUERN_TRY(
        request.keys,
        repository::gather_keys(
            request.key_places, request.locations, cache, discovery, services.reporter
        )
    );
    return request;
}

}  // namespace quern::build
