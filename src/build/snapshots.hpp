// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/step_log.hpp"
#include "quern/error.hpp"
#include "support/cache_directory.hpp"
#include "support/handle.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quern::build {

struct SnapshotLimits {
    std::uint64_t bytes = std::uint64_t{20} << 30U;
    std::size_t count = 2000;
    /// The store is not looked through again so soon after the last time: many builds in a row pay
    /// for one look (2,000 layers: 50 ms).
    std::chrono::seconds pause{0};
};

/// What steps changed, by the key of the state after them: one layer of an overlay each. Used by
/// any number of builds at once; the oldest go when there are too many. For this user only: layers
/// hold setuid files of guests.
class Snapshots {
 public:
    /// Holds the store for as long as this lives, so that nobody removes a layer in use. Errors:
    /// io.
    static Result<Snapshots> open(const std::filesystem::path& directory);

    /// The layer of a state; empty if it is not at hand.
    std::filesystem::path find(const std::string& key) const;
    /// What was printed on the way to the state.
    std::filesystem::path output(const std::string& key) const;
    /// Moves `layer` (on the same file system, mounted nowhere) in, with a copy of `output`. Gives
    /// where it is now: one that another build kept under this key meanwhile stays, and ours stays
    /// where it is.
    std::filesystem::path keep(
        const std::string& key, const std::filesystem::path& layer, const FileRange& output
    ) const;
    /// Marks as used now: the least recently used go first.
    void touch(const std::string& key) const;

    /// Removes the least recently used beyond the limits, unless a build runs (`in_use` is then 1).
    /// Errors: io.
    static Result<TrimReport> trim(
        const std::filesystem::path& directory, const SnapshotLimits& limits
    );

 private:
    Snapshots(std::filesystem::path directory, UniqueFd lock, std::string boot)
        : directory_(std::move(directory)), lock_(std::move(lock)), boot_(std::move(boot)) {}
    std::filesystem::path directory_;
    UniqueFd lock_;
    std::string boot_;  ///< of this run of the machine
};

}  // namespace quern::build
