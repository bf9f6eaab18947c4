// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quern::sandbox {

/// How the ids of a command come about; depends on what the guest's user namespace maps.
enum class IdentityMode {
    inherited,  ///< bubblewrap is started inside the guest namespace as 0 and stays that
    joined,  ///< bubblewrap joins the guest namespace itself and becomes the command's user there
    nested,  ///< the namespace has a single id: one more namespace gives it the command's number
};

/// Numbers that descriptors have in the bubblewrap process.
struct BubblewrapDescriptors {
    static constexpr int arguments = 3;
    static constexpr int status = 4;
    static constexpr int user_namespace = 5;
    static constexpr int seccomp = 6;
};

/// Options of bubblewrap for a command, without "bwrap" and without the command's own words.
std::vector<std::string> bubblewrap_options(
    const Guest& guest, const Command& command, IdentityMode mode
);

/// Which mode gives the command its ids in a guest namespace of `id_count` ids.
IdentityMode identity_mode(const Command& command, std::uint32_t id_count);

}  // namespace quern::sandbox
