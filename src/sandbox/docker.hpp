// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/obstacle.hpp"
#include "support/cancel.hpp"
#include "support/guest_ids.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>

namespace quern::sandbox {

/// One container for each guest, made from an image of the guest's cached root, and `docker exec`
/// for each command. Nothing of this machine is mounted in it: trees go in and out as tar, so that
/// nothing is left here that belongs to somebody else, and the engine may be anywhere. `ids` are
/// those that the trees have on this machine; what goes through lies below `scratch`.
std::unique_ptr<Sandbox> make_docker(const GuestIds& ids, const std::filesystem::path& scratch);

/// Why there is no engine that answers: no program, nothing at the socket, no right to it.
std::optional<Obstacle> docker_obstacle();

/// Images of roots are kept by the engine under this label.
inline constexpr const char* docker_root_label = "quern.root";

/// Removes those that no container uses; gives how many went. Nothing where no engine answers.
/// Errors: sandbox.
Result<std::size_t> remove_docker_roots(const CancelToken& cancel);

/// The same for volumes that hold caches of steps.
Result<std::size_t> remove_docker_caches(const CancelToken& cancel);

}  // namespace quern::sandbox
