// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/keyring.hpp"
#include "quern/reporter.hpp"
#include "support/cancel.hpp"
#include "support/thread_pool.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quern::seed {

struct SeedOptions {
    std::filesystem::path description;    ///< examples/seed/debian-12.yaml
    std::filesystem::path out_directory;  ///< the repository; packages land in <out>/<architecture>
    std::filesystem::path cache_directory;  ///< apt's private state and the .debs
    std::vector<std::string> groups;        ///< empty: all of the description
    std::string architecture;               ///< apk's name; empty: the host's
    const apk::Signer* key = nullptr;
    bool offline = false;  ///< only .debs that are here already
};

struct SeedReport {
    std::size_t packages = 0;
    std::size_t downloaded = 0;
    bool was_up_to_date = false;
};

/// Makes an apk repository from a description: chooses packages with the system's apt in a private
/// state, downloads, converts, generates, indexes, signs. When nothing changed since the last run
/// nothing is done. Errors: not_found (no apt, no such group), network, invalid_data, io; a wrong
/// description gives diagnostics and invalid_recipe.
Result<SeedReport> seed(
    const SeedOptions& options,
    ThreadPool& pool,
    Diagnostics& diagnostics,
    Reporter& reporter,
    const CancelToken& cancel
);

struct ConvertOptions {
    std::filesystem::path out_directory;
    const apk::Signer* key = nullptr;
    std::vector<std::string> extra_provides;
};

/// Converts given .deb files into packages in `out_directory`; gives their paths. Errors:
/// invalid_data (names the file), io.
Result<std::vector<std::filesystem::path>> convert(
    const std::vector<std::filesystem::path>& debs,
    const ConvertOptions& options,
    ThreadPool& pool,
    Reporter& reporter,
    const CancelToken& cancel
);

}  // namespace quern::seed
