// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/environment_lock.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::build {
namespace {

/// What a lock says of one architecture, without packages.
repository::LockFile part_of(const repository::LockFile& lock, const std::string& architecture) {
    repository::LockFile part = lock;
    part.packages.clear();
    std::erase_if(part.worlds, [&](const repository::LockedWorld& world) {
        return world.architecture != architecture;
    });
    std::erase_if(part.repositories, [&](const repository::LockedRepository& repository) {
        return repository.architecture != architecture;
    });
    return part;
}

}  // namespace

Result<repository::LockFile> lock_of(const EnvironmentRequest& request) {
    repository::LockFile lock;
    lock.ignores_signatures = request.ignores_signatures;
    lock.worlds.push_back({request.architecture, request.wanted});
    for (const repository::Location& location : request.locations) {
        lock.repositories.push_back(repository::lock_repository(location, request.architecture));
    }
    for (const repository::TrustedKey& key : request.keys) {
        QUERN_TRY(repository::LockedKey locked, repository::lock_key(key.place, key.pem));
        lock.keyring.push_back(std::move(locked));
    }
    return lock;
}

Result<std::vector<std::string>> drift(
    const repository::LockFile& lock, const EnvironmentRequest& request
) {
    QUERN_TRY(repository::LockFile now, lock_of(request));
    // A lock whose indexes were verified is good enough for whoever does not ask for that.
    now.ignores_signatures = now.ignores_signatures && lock.ignores_signatures;
    return repository::differences(part_of(lock, request.architecture), now);
}

Result<std::optional<std::vector<repository::Selected>>> read_locked_packages(
    const EnvironmentRequest& request, const EnvironmentOptions& options, Reporter& reporter
) {
    if (!options.staged_repository.empty()) {
        return std::optional<std::vector<repository::Selected>>();  // a test's: no lock is for that
    }
    const std::string path = printable(options.lock_file.string());
    std::error_code code;
    if (options.lock_file.empty() || !std::filesystem::exists(options.lock_file, code)) {
        if (options.locked) {
            return Error(ErrorCode::not_found, fmt::format("--locked: there is no {}", path))
                .help("`quern lock` with the same flags writes it");
        }
        return std::optional<std::vector<repository::Selected>>();
    }
    QUERN_TRY(const repository::LockFile lock, repository::read_lock_file(options.lock_file));
    QUERN_TRY(const std::vector<std::string> changes, drift(lock, request));
    if (changes.empty()) {
        QUERN_TRY(
            auto packages, repository::select_locked(lock, request.architecture, request.locations)
        );
        return std::optional(std::move(packages));
    }
    const std::string message =
        fmt::format("{} answers another request:\n{}", path, printable(join(changes, "\n"), true));
    if (options.locked) {
        return Error(ErrorCode::invalid_recipe, "--locked: " + message)
            .help("look at the difference; `quern lock` with the same flags writes it anew");
    }
    reporter.warning(message + "\npackages are chosen anew; `quern lock` writes it anew");
    return std::optional<std::vector<repository::Selected>>();
}

}  // namespace quern::build
