// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "support/cancel.hpp"

#include <map>
#include <string>
#include <vector>

namespace quern::sandbox {

/// Caches of steps are volumes of the engine under this label: nothing of them goes to and fro.
inline constexpr const char* docker_cache_label = "quern.cache";

/// Names of volumes by their places in a container.
using DockerVolumes = std::map<std::string, std::string>;

/// For `docker create`: the caches among the mounts.
std::vector<std::string> volume_options(const Guest& guest);

/// Opens them for all users of the guest. Of a volume that steps may not change the guest has a
/// copy. Errors: sandbox.
Result<DockerVolumes> open_volumes(
    const std::string& container, const Guest& guest, const CancelToken& cancel
);

/// Names of those in which no build has left anything.
std::vector<std::string> empty_volumes(const std::string& container, const DockerVolumes& volumes);

/// Removes those that no container uses.
void remove_volumes(std::vector<std::string> names);

}  // namespace quern::sandbox
