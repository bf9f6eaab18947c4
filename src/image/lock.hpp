// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/choose.hpp"
#include "quern/image.hpp"
#include "repository/lock_file.hpp"

#include <string>
#include <vector>

namespace quern::image {

/// What the packages of an image are today, by content. Each architecture is resolved by itself;
/// every package is fetched, for its sections are recorded. Errors: those of choosing and fetching.
/// Source: image-and-resolver 6.
Result<repository::LockFile> make_lock(
    const LoadedSpecification& loaded,
    const std::string& config_name,
    const std::vector<std::string>& architectures,
    const Additions& additions,
    const Services& services
);

/// The packages that a lock names. Errors: invalid_data (it has none for an architecture).
Result<std::vector<Chosen>> choose_locked(
    const repository::LockFile& lock,
    const std::vector<std::string>& architectures,
    const Sources& sources
);

/// Whether the lock was made from these files. Errors: invalid_recipe, with both names and with
/// what the image file asks for that is not locked.
Result<void> check_lock(
    const repository::LockFile& lock,
    const std::string& lock_name,
    const LoadedSpecification& loaded
);

}  // namespace quern::image
