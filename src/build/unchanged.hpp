// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace quern::build {

/// What one build of a recipe published in one repository, by the content key of all that decided
/// it. Kept in the cache, by repository, architecture and package.
class PublishedRecord {
 public:
    PublishedRecord(
        const BuildOptions& options, const std::string& package, const Services& services
    );

    /// The packages, if the last build had this key and its files and index are still as it left
    /// them.
    std::optional<std::vector<BuiltPackage>> find(const std::string& key) const;
    /// Errors: io.
    Result<void> write(const std::string& key, const std::vector<BuiltPackage>& packages) const;

 private:
    std::filesystem::path file_;
    std::filesystem::path index_;
};

/// Everything beside what steps leave that decides the bytes of packages, what is written with
/// them, and whether they are published at all.
std::string packing_key(
    const std::string& last_step_key,
    const recipe::Configuration& configuration,
    const BuildOptions& options
);

}  // namespace quern::build
