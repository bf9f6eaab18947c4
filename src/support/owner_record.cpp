// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/owner_record.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace quern {

std::optional<OwnerRecord> OwnerRecord::parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    const auto uid = parse_unsigned(text.substr(0, colon));
    const auto gid = parse_unsigned(text.substr(colon + 1));
    if (!uid || !gid || *uid >= most || *gid >= most) {
        return std::nullopt;
    }
    return OwnerRecord{static_cast<std::uint32_t>(*uid), static_cast<std::uint32_t>(*gid)};
}

std::string OwnerRecord::to_string() const {
    return fmt::format("{}:{}", uid, gid);
}

namespace {

constexpr std::int64_t link_id_count = 65'536;
/// The last seconds that every file system holds, but for one block of ids.
constexpr std::int64_t first_link_second = 0x7FFE'0000;
constexpr std::int64_t first_link_nanosecond = 987'000'000;

std::optional<std::uint32_t> id_after(std::int64_t first, std::int64_t value) {
    return value >= first && value - first < link_id_count
               ? std::optional(static_cast<std::uint32_t>(value - first))
               : std::nullopt;
}

}  // namespace

std::optional<OwnerRecord> OwnerRecord::of_link_time(const timespec& time) {
    const auto uid = id_after(first_link_second, time.tv_sec);
    const auto gid = id_after(first_link_nanosecond, time.tv_nsec);
    return uid && gid ? std::optional(OwnerRecord{*uid, *gid}) : std::nullopt;
}

timespec OwnerRecord::to_link_time() const {
    return {.tv_sec = first_link_second + uid, .tv_nsec = first_link_nanosecond + gid};
}

std::optional<OwnerRecord> take_owner(std::vector<std::pair<std::string, std::string>>& attributes
) {
    const auto found = std::find_if(attributes.begin(), attributes.end(), [](const auto& pair) {
        return pair.first == owner_attribute;
    });
    if (found == attributes.end()) {
        return std::nullopt;
    }
    const auto record = OwnerRecord::parse(found->second);
    attributes.erase(found);
    return record;
}

}  // namespace quern
