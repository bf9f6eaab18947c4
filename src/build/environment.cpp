// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/environment.hpp"

#include "fetch/fetcher.hpp"
#include "quern/dependency.hpp"
#include "quern/keyring.hpp"
#include "quern/resolver.hpp"
#include "repository/index_client.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace quern::build {
namespace {

constexpr std::uint64_t key_size_limit = 64U << 10U;

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

std::vector<recipe::Text> to_texts(const std::vector<std::string>& values) {
    std::vector<recipe::Text> texts;
    for (const std::string& value : values) {
        texts.push_back({value, {}});
    }
    return texts;
}

// What is recorded in packages names no place of this machine: the same build elsewhere gives the
// same bytes.
std::vector<std::string> remote_only(std::vector<std::string> places) {
    std::erase_if(places, [](const std::string& place) {
        return place.find("http://") == std::string::npos &&
               place.find("https://") == std::string::npos;
    });
    return places;
}

Result<std::string> read_remote_key(const std::string& url, const Services& services) {
    fetch::HttpRequest request;
    request.url = url;
    request.limits.body_bytes = key_size_limit;
    std::string pem;
    QUERN_TRY(
        const fetch::HttpResponse response,
        services.fetcher.http().get(
            request,
            [&](std::string_view bytes) -> Result<void> {
                pem.append(bytes);
                return {};
            },
            [&]() -> Result<void> {
                pem.clear();
                return {};
            },
            {},
            services.cancel
        )
    );
    if (response.status != 200) {
        return Error(
            ErrorCode::network, fmt::format("{} answered {}", redact_url(url), response.status)
        );
    }
    return pem;
}

Result<std::string> read_key(const std::string& place, const Services& services) {
    if (place.starts_with("https://") || place.starts_with("http://")) {
        if (services.fetcher.is_offline()) {
            return Error(
                       ErrorCode::network,
                       fmt::format("{} is not here and this run is offline", redact_url(place))
            )
                .help("name a local copy of the key with --keyring-append");
        }
        return read_remote_key(place, services);
    }
    return read_file(place, key_size_limit);
}

struct Keys {
    apk::Keyring ring;
    std::map<std::string, std::string> pem;
};

Result<Keys> read_keys(const std::vector<std::string>& places, const Services& services) {
    Keys keys;
    for (const std::string& place : places) {
        const std::string what = fmt::format("reading the key {}", redact_url(place));
        auto pem = read_key(place, services);
        if (!pem) {
            return std::move(pem).error().context(what);
        }
        auto key = apk::PublicKey::parse(*pem);
        if (!key) {
            return std::move(key).error().context(what);
        }
        const std::string name = std::filesystem::path(place).filename().string();
        if (auto added = keys.ring.add(name, std::move(*key)); !added) {
            return std::move(added).error().context(what);
        }
        keys.pem[name] = std::move(*pem);
    }
    return keys;
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

Result<std::vector<apk::Dependency>> parse_world(const std::vector<std::string>& packages) {
    std::vector<apk::Dependency> world;
    for (const std::string& text : packages) {
        auto dependency = apk::Dependency::parse(text);
        if (!dependency) {
            return Error(
                       ErrorCode::invalid_data,
                       fmt::format("'{}' is no package name or constraint", printable(text))
            )
                .help("write name, name=1.2-r3, name>1.2, name~1.2 or !name");
        }
        world.push_back(std::move(*dependency));
    }
    return world;
}

std::vector<rootfs::User> to_users(const recipe::Environment& environment) {
    std::vector<rootfs::User> users;
    for (const recipe::User& user : environment.users) {
        users.push_back({user.name, user.uid, user.gid.value_or(user.uid), user.shell, user.home});
    }
    return users;
}

std::vector<rootfs::Group> to_groups(const recipe::Environment& environment) {
    std::vector<rootfs::Group> groups;
    for (const recipe::Group& group : environment.groups) {
        groups.push_back({group.name, group.gid, group.members});
    }
    return groups;
}

Result<std::vector<rootfs::PathMutation>> to_paths(const recipe::Environment& environment) {
    static const std::map<std::string, rootfs::PathType, std::less<>> types = {
        {"directory", rootfs::PathType::directory},
        {"empty-file", rootfs::PathType::empty_file},
        {"hardlink", rootfs::PathType::hard_link},
        {"symlink", rootfs::PathType::symlink},
        {"permissions", rootfs::PathType::permissions},
    };
    std::vector<rootfs::PathMutation> mutations;
    for (const recipe::PathMutation& path : environment.paths) {
        const auto type = types.find(path.type);
        if (type == types.end()) {
            return Error(
                       ErrorCode::invalid_data,
                       fmt::format("the path '{}' has the unknown type '{}'", path.path, path.type)
            )
                .help("types are directory, empty-file, hardlink, symlink and permissions");
        }
        mutations.push_back(
            {path.path,
             type->second,
             path.uid,
             path.gid,
             path.permissions,
             path.source,
             path.recursive}
        );
    }
    return mutations;
}

// A package that came from a tagged repository keeps its tag, or the locked list would not resolve
// again.
std::vector<std::string> lock_packages(const std::vector<repository::Selected>& packages) {
    std::vector<std::string> locked;
    for (const repository::Selected& selected : packages) {
        const std::string tag = selected.location.tag.empty() ? "" : "@" + selected.location.tag;
        locked.push_back(fmt::format("{}={}{}", selected.entry->name, selected.entry->version, tag)
        );
    }
    std::sort(locked.begin(), locked.end());
    return locked;
}

}  // namespace

Result<ResolvedEnvironment> resolve_environment(
    const recipe::Environment& environment,
    std::string_view architecture,
    const EnvironmentOptions& options,
    const Services& services
) {
    Activity activity(services.reporter, "resolving the build environment");
    const auto repositories = merge_sorted(
        {&environment.repositories, &environment.build_repositories}, options.repositories
    );
    const auto keyring = merge_sorted({&environment.keyring}, options.keyring);
    const auto wanted = merge_sorted({&environment.packages}, options.extra_packages);

    QUERN_TRY(const auto world, parse_world(wanted));
    QUERN_TRY(const auto locations, parse_locations(repositories));
    QUERN_TRY(Keys keys, read_keys(keyring, services));
    const repository::IndexClientOptions client = {
        .architecture = std::string(architecture),
        .cache_directory = services.cache_directory / "indexes",
        .ignore_signatures = options.ignore_signatures,
        .offline = options.offline,
        .limits = {},
    };
    QUERN_TRY(
        const auto indexes,
        repository::read_indexes(locations, keys.ring, services.fetcher, client, services.reporter)
    );
    QUERN_TRY(repository::Resolution resolution, repository::resolve(world, indexes));
    activity.outcome(fmt::format("{} packages", resolution.packages.size()));

    ResolvedEnvironment resolved;
    resolved.locked = environment;
    resolved.locked.repositories = to_texts(remote_only(repositories));
    resolved.locked.build_repositories.clear();
    resolved.locked.keyring = to_texts(remote_only(keyring));
    resolved.locked.packages = to_texts(lock_packages(resolution.packages));
    resolved.root.architecture = std::string(architecture);
    resolved.root.packages = std::move(resolution.packages);
    resolved.root.world = wanted;
    for (const repository::Location& location : locations) {
        resolved.root.repositories.push_back(location.shown());
    }
    resolved.root.keys = std::move(keys.pem);
    resolved.root.users = to_users(environment);
    resolved.root.groups = to_groups(environment);
    QUERN_TRY(resolved.root.paths, to_paths(environment));
    return resolved;
}

Result<rootfs::CachedRoot> prepare_root(
    const ResolvedEnvironment& environment, const Services& services
) {
    const rootfs::LayerCache cache(services.cache_directory / "roots");
    const rootfs::AssembleOptions options = {
        .owner = services.ids,
        .pool = &services.pool,
        .cancel = &services.cancel,
    };
    return cache.prepare(environment.root, services.store, options, services.reporter);
}

}  // namespace quern::build
