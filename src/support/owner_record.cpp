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
