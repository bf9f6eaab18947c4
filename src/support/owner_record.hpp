// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

/// Where all files of a guest belong to one user here, this attribute says whose they are there.
inline constexpr const char* owner_attribute = "user.quern.owner";

/// Ids in the guest.
struct OwnerRecord {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    /// "1000:50"; nothing for any other text.
    static std::optional<OwnerRecord> parse(std::string_view text);
    std::string to_string() const;  ///< inverts `parse`
    /// Links carry no attributes of users: theirs is a time of change, one of 65 microseconds in
    /// each second of an evening in January 2038, that renames and copies keep and a new link does
    /// not have. For ids below 65536.
    static std::optional<OwnerRecord> of_link_time(const timespec& time);
    timespec to_link_time() const;  ///< inverts `of_link_time`
    friend bool operator==(const OwnerRecord&, const OwnerRecord&) = default;
};

/// Takes the record out of a file's attributes.
std::optional<OwnerRecord> take_owner(std::vector<std::pair<std::string, std::string>>& attributes);

}  // namespace quern
