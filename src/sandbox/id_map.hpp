// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace quern::sandbox {

/// One line of /proc/<pid>/uid_map: `count` ids that begin with `inside` in the namespace lie at
/// `outside` in the one above it.
struct IdExtent {
    std::uint32_t inside = 0;
    std::uint32_t outside = 0;
    std::uint32_t count = 0;
    friend bool operator==(const IdExtent&, const IdExtent&) = default;
};

/// A run of ids.
struct IdRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    friend bool operator==(const IdRange&, const IdRange&) = default;
};

/// Ids that a guest has where the machine allows it: all of 16 bits.
inline constexpr std::uint32_t full_id_count = 65'536;
/// Where root puts guests if /etc/subuid has nothing for it. No tool hands these ids out:
/// 0x70000000 is above systemd's container range (0x00080000 to 0x6FFFFFFF). Source: systemd
/// UIDS-GIDS.md, "Special systemd UID ranges".
inline constexpr std::uint32_t default_root_first = 0x7000'0000;

/// Lines of /proc/<pid>/uid_map. Malformed lines are left out.
std::vector<IdExtent> parse_id_map(std::string_view text);

/// The first range in the text of /etc/subuid or /etc/subgid that belongs to the user, by name or
/// by number, and has at least `wanted` ids; without such the largest one. Source: subuid(5).
std::optional<IdRange> find_subordinate(
    std::string_view text, std::string_view user, std::uint32_t uid, std::uint32_t wanted
);

/// Whether all ids of the range exist in a namespace with this map.
bool is_mapped(const std::vector<IdExtent>& map, IdRange range);

/// Where a process that is root in a namespace with these maps puts its guests: `subordinate` if it
/// is mapped, else default_root_first, else the highest ids that both maps have (never 0). Nothing
/// if there are none.
std::optional<IdRange> choose_root_range(
    const std::vector<IdExtent>& uid_map,
    const std::vector<IdExtent>& gid_map,
    std::optional<IdRange> subordinate
);

}  // namespace quern::sandbox
