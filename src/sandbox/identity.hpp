// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "sandbox/id_map.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace quern::sandbox {

/// Who runs this program, and the ids that were set aside for that user.
struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string user;  ///< login name; the number if it has none
    std::optional<IdRange> subordinate_uids;
    std::optional<IdRange> subordinate_gids;
    std::filesystem::path newuidmap;  ///< empty: not installed
    std::filesystem::path newgidmap;

    static Identity of_this_process();
    bool has_tools() const { return !newuidmap.empty() && !newgidmap.empty(); }
    /// Ids below this are those of guests if newuidmap is used; 0 if it cannot be.
    std::uint32_t range_count() const;
};

}  // namespace quern::sandbox
