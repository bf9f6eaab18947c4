// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/guest_ids.hpp"
#include "support/handle.hpp"

#include <string>

namespace quern::sandbox {

/// The ids that this process and the steps of its guests live in. Two namespaces:
/// - the process's own, with a private mount namespace: for root the one it is in; for others a new
/// one in which the user is 0 and newuidmap's range follows;
/// - the guest's, a child of it, in which guest id g is `ids().first + g` of the process's. No real
/// root id is in it where a range is at hand. Entered once, before any thread is started; lives as
/// long as the process.
class UserNamespace {
 public:
    enum class Range { automatic, single };  ///< single: as if there were no newuidmap

    /// Errors: sandbox; `help` has the fix for this machine.
    static Result<UserNamespace> enter(Range range);
    UserNamespace(UserNamespace&&) noexcept = default;
    UserNamespace& operator=(UserNamespace&&) noexcept = default;

    GuestIds ids() const { return ids_; }
    /// The guest's user namespace, to be joined by setns.
    int guest_fd() const { return guest_.get(); }
    const std::string& description() const {
        return description_;
    }  ///< "root, ids 0-65535 at 1879048192"

 private:
    UserNamespace() = default;
    GuestIds ids_;
    UniqueFd guest_;
    std::string description_;
};

}  // namespace quern::sandbox
