// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/id_map.hpp"

#include "support/text.hpp"

#include <algorithm>
#include <limits>

namespace quern::sandbox {

namespace {

constexpr std::uint64_t id_limit = std::numeric_limits<std::uint32_t>::max();

std::optional<std::uint32_t> parse_id(std::string_view text) {
    const std::optional<std::uint64_t> number = parse_unsigned(text);
    if (!number || *number > id_limit) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*number);
}

std::optional<IdRange> parse_subordinate_line(
    std::string_view line, std::string_view user, std::uint32_t uid
) {
    const std::vector<std::string_view> fields = split(trim(line), ':');
    if (fields.size() != 3 || (fields[0] != user && parse_id(fields[0]) != uid)) {
        return std::nullopt;
    }
    const auto first = parse_id(fields[1]);
    const auto count = parse_id(fields[2]);
    if (!first || !count || *first == 0 || *count == 0 || id_limit - *first < *count) {
        return std::nullopt;
    }
    return IdRange{.first = *first, .count = *count};
}

std::uint64_t end_of(const IdExtent& extent) {
    return std::uint64_t{extent.inside} + extent.count;
}

/// Ids that both extents have, without 0; at most full_id_count of them, the highest.
IdRange top_of_overlap(const IdExtent& a, const IdExtent& b) {
    const std::uint64_t end = std::min(end_of(a), end_of(b));
    const std::uint64_t begin = std::max<std::uint64_t>({a.inside, b.inside, 1});
    if (begin >= end) {
        return {};
    }
    const std::uint64_t count = std::min<std::uint64_t>(end - begin, full_id_count);
    return {
        .first = static_cast<std::uint32_t>(end - count),
        .count = static_cast<std::uint32_t>(count)};
}

}  // namespace

std::vector<IdExtent> parse_id_map(std::string_view text) {
    std::vector<IdExtent> map;
    for (const std::string_view line : split(text, '\n')) {
        const std::vector<std::string_view> words = split_words(line);
        if (words.size() != 3) {
            continue;
        }
        const auto inside = parse_id(words[0]);
        const auto outside = parse_id(words[1]);
        const auto count = parse_id(words[2]);
        if (inside && outside && count) {
            map.push_back({.inside = *inside, .outside = *outside, .count = *count});
        }
    }
    return map;
}

std::optional<IdRange> find_subordinate(
    std::string_view text, std::string_view user, std::uint32_t uid, std::uint32_t wanted
) {
    std::optional<IdRange> largest;
    for (const std::string_view line : split(text, '\n')) {
        const std::optional<IdRange> range = parse_subordinate_line(line, user, uid);
        if (!range) {
            continue;
        }
        if (range->count >= wanted) {
            return range;
        }
        if (!largest || range->count > largest->count) {
            largest = range;
        }
    }
    return largest;
}

bool is_mapped(const std::vector<IdExtent>& map, IdRange range) {
    const std::uint64_t end = std::uint64_t{range.first} + range.count;
    return std::any_of(map.begin(), map.end(), [&](const IdExtent& extent) {
        return extent.inside <= range.first && end <= end_of(extent);
    });
}

std::optional<IdRange> choose_root_range(
    const std::vector<IdExtent>& uid_map,
    const std::vector<IdExtent>& gid_map,
    std::optional<IdRange> subordinate
) {
    const auto is_usable = [&](IdRange range) {
        return is_mapped(uid_map, range) && is_mapped(gid_map, range);
    };
    if (subordinate && subordinate->count >= full_id_count) {
        const IdRange wanted = {.first = subordinate->first, .count = full_id_count};
        if (is_usable(wanted)) {
            return wanted;
        }
    }
    const IdRange usual = {.first = default_root_first, .count = full_id_count};
    if (is_usable(usual)) {
        return usual;
    }
    IdRange best;
    for (const IdExtent& uids : uid_map) {
        for (const IdExtent& gids : gid_map) {
            const IdRange range = top_of_overlap(uids, gids);
            const bool is_higher = range.count == best.count && range.first > best.first;
            if (range.count > best.count || is_higher) {
                best = range;
            }
        }
    }
    return best.count == 0 ? std::nullopt : std::optional(best);
}

}  // namespace quern::sandbox
