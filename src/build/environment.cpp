// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/environment.hpp"

#include "build/environment_lock.hpp"
#include "quern/dependency.hpp"
#include "quern/resolver.hpp"
#include "repository/index_client.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::build {
namespace {

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

// In front, because earlier repositories win among equal packages.
Result<void> prepend_staged(
    std::vector<repository::RepositoryIndex>& indexes,
    repository::IndexClientOptions client,
    const std::filesystem::path& directory,
    const Services& services
) {
    if (directory.empty()) {
        return {};
    }
    client.ignore_signatures = true;
    const std::vector<repository::Location> location = {
        {std::filesystem::absolute(directory).string(), {}}};
    QUERN_TRY(
        auto staged,
        repository::read_indexes(location, {}, services.fetcher, client, services.reporter)
    );
    indexes.insert(indexes.begin(), staged.begin(), staged.end());
    return {};
}

}  // namespace

Result<ChosenPackages> choose_packages(
    const EnvironmentRequest& request, const EnvironmentOptions& options, const Services& services
) {
    QUERN_TRY(const auto world, repository::parse_world(request.wanted));
    const apk::Keyring keyring = repository::make_keyring(request.keys);
    const repository::IndexClientOptions client = {
        .architecture = request.architecture,
        .cache_directory = services.cache_directory / "indexes",
        .ignore_signatures = options.ignore_signatures,
        .offline = options.offline,
        .limits = services.index_limits,
    };
    ChosenPackages chosen;
    QUERN_TRY(
        chosen.indexes,
        repository::read_indexes(
            request.locations, keyring, services.fetcher, client, services.reporter
        )
    );
    QUERN_CHECK(prepend_staged(chosen.indexes, client, options.staged_repository, services));
    QUERN_TRY(
        repository::Resolution resolution,
        repository::resolve(
            world, chosen.indexes, {.time_limit = options.resolve_timeout, .peers = {}}
        )
    );
    for (const std::string& note : resolution.notes) {
        services.reporter.note(note);
    }
    chosen.packages = std::move(resolution.packages);
    return chosen;
}

Result<ResolvedEnvironment> resolve_environment(
    const recipe::Environment& environment,
    std::string_view architecture,
    const EnvironmentOptions& options,
    const Services& services
) {
    Activity activity(services.reporter, "resolving the build environment");
    QUERN_TRY(
        const EnvironmentRequest request,
        gather_request(environment, architecture, options, services)
    );
    QUERN_TRY(auto locked, read_locked_packages(request, options, services.reporter));
    ChosenPackages chosen;
    if (locked) {
        chosen.packages = std::move(*locked);
    } else {
        QUERN_TRY(chosen, choose_packages(request, options, services));
    }
    activity.outcome(
        fmt::format("{} packages{}", chosen.packages.size(), locked ? " by the lock" : "")
    );

    ResolvedEnvironment resolved;
    resolved.locked = environment;
    resolved.locked.repositories = to_texts(remote_only(request.repositories));
    resolved.locked.build_repositories.clear();
    resolved.locked.keyring = to_texts(remote_only(request.key_places));
    resolved.locked.packages = to_texts(lock_packages(chosen.packages));
    resolved.root.architecture = request.architecture;
    resolved.root.packages = std::move(chosen.packages);
    resolved.indexes = std::move(chosen.indexes);
    resolved.root.world = request.wanted;
    for (const repository::Location& location : request.locations) {
        resolved.root.repositories.push_back(location.shown());
    }
    for (const repository::TrustedKey& key : request.keys) {
        resolved.root.keys[key.name] = key.pem;
    }
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
