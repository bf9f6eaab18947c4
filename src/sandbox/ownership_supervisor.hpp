// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/sandbox.hpp"
#include "sandbox/namespace_spawn.hpp"
#include "support/guest_ids.hpp"
#include "support/handle.hpp"

#include <thread>

namespace quern::sandbox {

/// Both ends of the way on which a child hands over the listener of its filter. None where no
/// supervisor is wanted.
struct ListenerSocket {
    UniqueFd ours;
    UniqueFd of_child;
};

/// A thread that answers the calls which `ownership_filter` leaves to it, where a guest has a
/// single id: a file given to somebody else keeps its owner here, and a note on it says whose it is
/// there. Works for as long as it lives or any process has the filter.
class OwnershipSupervisor {
 public:
    /// Before the spawn: gives it the filter, if this command of this guest is to have a
    /// supervisor. Errors: sandbox.
    static Result<ListenerSocket> prepare(
        const Command& command, const GuestIds& ids, NamespaceSpawn& spawn
    );
    /// After it. Where the child had no listener to send (a kernel or a container that gives none)
    /// there is nothing to do, and calls fail as they would. Errors: sandbox.
    static Result<OwnershipSupervisor> start(ListenerSocket socket);
    OwnershipSupervisor() = default;
    OwnershipSupervisor(OwnershipSupervisor&& other) noexcept = default;
    OwnershipSupervisor& operator=(OwnershipSupervisor&&) = delete;
    ~OwnershipSupervisor();

 private:
    UniqueFd stop_;  ///< readable: to end
    std::thread thread_;
};

}  // namespace quern::sandbox
