// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/asked_for.hpp"
#include "build/environment.hpp"
#include "build/environment_lock.hpp"
#include "build/load.hpp"
#include "repository/package_store.hpp"

#include <algorithm>
#include <utility>

namespace quern::build {
namespace {

bool has_key(const repository::LockFile& lock, const std::string& name) {
    return std::any_of(
        lock.keyring.begin(),
        lock.keyring.end(),
        [&name](const repository::LockedKey& key) { return key.name == name; }
    );
}

}  // namespace

Result<void> add_to_lock(
    repository::LockFile& lock, const BuildOptions& options, const Services& services
) {
    QUERN_TRY(const auto configuration, load_recipe(options.recipe, options.load, services));
    const std::string& architecture = options.load.architecture;
    if (!is_wanted(configuration.package, options.recipe, architecture, services.reporter)) {
        return {};
    }
    QUERN_TRY(
        const auto compiled, compile_recipe(configuration, options.recipe, options.load, services)
    );
    QUERN_TRY(
        const EnvironmentRequest request,
        gather_request(
            compiled.configuration.environment, architecture, options.environment, services
        )
    );
    auto chosen_or_not = choose_packages(request, options.environment, services);
    if (!chosen_or_not) {
        return with_askers(
            std::move(chosen_or_not).error(),
            compiled.configuration.environment,
            compiled.plan.packages
        );
    }
    const ChosenPackages& chosen = *chosen_or_not;
    QUERN_CHECK(
        services.store.prefetch(chosen.packages, services.pool, services.reporter, services.cancel)
    );
    QUERN_TRY(repository::LockFile part, lock_of(request));
    for (const repository::Selected& selected : chosen.packages) {
        QUERN_TRY(const apk::PackageFile package, services.store.open(selected));
        lock.packages.push_back(repository::lock_package(selected, package));
    }
    lock.ignores_signatures = part.ignores_signatures;
    lock.worlds.push_back(std::move(part.worlds.front()));
    lock.repositories.insert(
        lock.repositories.end(), part.repositories.begin(), part.repositories.end()
    );
    for (repository::LockedKey& key : part.keyring) {
        if (!has_key(lock, key.name)) {
            lock.keyring.push_back(std::move(key));
        }
    }
    return {};
}

}  // namespace quern::build
