// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/lock.hpp"

#include "quern/dependency.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::image {
namespace {

std::string checksum_of(const LoadedSpecification& loaded) {
    std::vector<std::string_view> texts;
    for (const auto& file : loaded.files) {
        texts.push_back(file->text());
    }
    return repository::config_checksum(texts);
}

Result<void> lock_repositories(
    const std::vector<std::string>& lines,
    const std::string& architecture,
    std::vector<repository::LockedRepository>& list
) {
    for (const std::string& line : lines) {
        QUERN_TRY(const repository::Location location, repository::Location::parse(line));
        list.push_back(repository::lock_repository(location, architecture));
    }
    return {};
}

Result<void> lock_keys(
    const Contents& contents,
    const Additions& additions,
    const Sources& sources,
    repository::LockFile& lock
) {
    std::vector<std::string> places = contents.keyring;
    places.insert(places.end(), additions.keyring.begin(), additions.keyring.end());
    for (const std::string& place : sorted_set(std::move(places))) {
        const auto pem = sources.keys.find(key_name(place));
        if (pem != sources.keys.end()) {
            QUERN_TRY(repository::LockedKey key, repository::lock_key(place, pem->second));
            key.fingerprint.clear();  // readers of the peer's locks know no such field
            lock.keyring.push_back(std::move(key));
        }
    }
    return {};
}

Result<std::vector<repository::LockedPackage>> lock_packages(
    const std::vector<repository::Selected>& packages, const Services& services
) {
    QUERN_CHECK(
        services.packages.prefetch(packages, services.pool, services.reporter, services.cancel)
    );
    std::vector<repository::LockedPackage> locked(packages.size());
    const auto lock_one = [&](std::size_t i) -> Result<void> {
        QUERN_TRY(const apk::PackageFile package, services.packages.open(packages[i]));
        locked[i] = repository::lock_package(packages[i], package);
        return {};
    };
    QUERN_CHECK(services.pool.for_each_index(packages.size(), lock_one));
    return locked;
}

/// Words of the world that no locked package is called by; what must not be there is none.
std::vector<std::string> not_locked(
    const repository::LockFile& lock, const std::vector<std::string>& world
) {
    std::vector<std::string> missing;
    for (const std::string& word : world) {
        const auto wanted = apk::Dependency::parse(word);
        const auto is_it = [&](const repository::LockedPackage& package) {
            return wanted && package.name == wanted->name &&
                   wanted->is_satisfied_by(package.version);
        };
        if (wanted && wanted->is_conflict) {
            continue;
        }
        if (std::none_of(lock.packages.begin(), lock.packages.end(), is_it)) {
            missing.push_back(word);
        }
    }
    return missing;
}

}  // namespace

Result<repository::LockFile> make_lock(
    const LoadedSpecification& loaded,
    const std::string& config_name,
    const std::vector<std::string>& architectures,
    const Additions& additions,
    const Services& services
) {
    const Contents& contents = loaded.specification.contents;
    QUERN_TRY(const Sources sources, gather_sources(contents, additions, services));
    QUERN_TRY(
        const Bases bases,
        read_bases(
            contents,
            architectures,
            fetch::ContentStore({layer_directory(services)}),
            services.reader
        )
    );
    repository::LockFile lock;
    lock.config_name = config_name;
    lock.config_checksum = checksum_of(loaded);
    QUERN_CHECK(lock_keys(contents, additions, sources, lock));
    for (const std::string& architecture : architectures) {
        QUERN_TRY(
            const auto chosen,
            choose_packages(contents.packages, {architecture}, sources, bases, services)
        );
        QUERN_TRY(auto packages, lock_packages(chosen.front().packages, services));
        std::move(packages.begin(), packages.end(), std::back_inserter(lock.packages));
        std::vector<std::string> repositories = contents.repositories;
        repositories.insert(
            repositories.end(), additions.repositories.begin(), additions.repositories.end()
        );
        std::vector<std::string> build = contents.build_repositories;
        build.insert(
            build.end(), additions.build_repositories.begin(), additions.build_repositories.end()
        );
        QUERN_CHECK(lock_repositories(build, architecture, lock.build_repositories));
        QUERN_CHECK(lock_repositories(
            contents.runtime_repositories, architecture, lock.runtime_repositories
        ));
        QUERN_CHECK(lock_repositories(repositories, architecture, lock.repositories));
    }
    return lock;
}

Result<std::vector<Chosen>> choose_locked(
    const repository::LockFile& lock,
    const std::vector<std::string>& architectures,
    const Sources& sources
) {
    std::vector<Chosen> all;
    for (const std::string& architecture : architectures) {
        Chosen& chosen = all.emplace_back();
        chosen.architecture = architecture;
        QUERN_TRY(
            chosen.packages, repository::select_locked(lock, architecture, sources.locations)
        );
        for (const repository::Selected& selected : chosen.packages) {
            chosen.pinned.push_back(
                fmt::format("{}={}", selected.entry->name, selected.entry->version)
            );
        }
    }
    return all;
}

Result<void> check_lock(
    const repository::LockFile& lock,
    const std::string& lock_name,
    const LoadedSpecification& loaded
) {
    if (lock.config_checksum.empty() || lock.config_checksum == checksum_of(loaded)) {
        return {};
    }
    const auto missing = not_locked(lock, loaded.specification.contents.packages);
    const std::string difference =
        missing.empty() ? std::string()
                        : fmt::format("; it has no {}", printable(quern::join(missing, ", ")));
    return Error(
               ErrorCode::invalid_recipe,
               fmt::format(
                   "{} was not made from {} as it is now{}",
                   lock_name,
                   loaded.files.front()->name(),
                   difference
               )
    )
        .help(fmt::format("`quern image lock {}` makes it anew", loaded.files.front()->name()));
}

}  // namespace quern::image
