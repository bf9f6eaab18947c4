// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/data_rules.hpp"

#include "apk/field_rules.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

namespace quern::apk {

namespace {

using archive::TarType;

Error refused(std::string_view path, std::string_view problem) {
    return {
        ErrorCode::invalid_data, fmt::format("data section: '{}' {}", printable(path), problem)};
}

/// Names are "namespace.rest", at most 255 bytes (Linux xattr(7)). In a lower layer of an overlay
/// its own attributes make another tree of it: a package has no use for them.
bool is_harmless_attribute(std::string_view name) {
    constexpr std::size_t max_bytes = 255;
    const std::size_t dot = name.find('.');
    return name.size() <= max_bytes && dot != std::string_view::npos && dot != 0 &&
           dot + 1 < name.size() && !has_control_character(name) &&
           !name.starts_with("user.overlay.") && !name.starts_with("trusted.overlay.");
}

Result<void> check_attributes(const archive::TarEntry& entry) {
    constexpr std::string_view prefix = "SCHILY.xattr.";
    for (const auto& [key, value] : entry.records) {
        if (!key.starts_with(prefix)) {
            continue;
        }
        const std::string_view name = std::string_view(key).substr(prefix.size());
        if (!is_harmless_attribute(name)) {
            return refused(
                entry.path, fmt::format("has the extended attribute '{}'", printable(name))
            );
        }
    }
    return {};
}

}  // namespace

Result<void> DataRules::check(const archive::TarEntry& entry) {
    if (!is_confined_path(entry.path)) {
        return refused(entry.path, "is not a path below the root");
    }
    if (has_control_character(entry.path) || entry.path.find('\t') != std::string::npos) {
        return refused(entry.path, "has a control character, which clients refuse");
    }
    QUERN_CHECK(check_attributes(entry));
    QUERN_CHECK(check_parents(entry.path));
    QUERN_CHECK(check_link(entry));
    QUERN_CHECK(check_place(entry));
    if (entry.type == TarType::file) {
        installed_size_ += entry.size;
    } else if (entry.type == TarType::symlink) {
        installed_size_ += entry.link_target.size();
    }
    return {};
}

/// From the nearest known parent on all others are known to be directories. A parent without an
/// entry counts as a directory, so that a link cannot take its place later.
Result<void> DataRules::check_parents(std::string_view path) {
    for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos;
         slash = path.rfind('/', slash - 1)) {
        const std::string_view parent = path.substr(0, slash);
        const auto known = seen_.find(parent);
        if (known == seen_.end()) {
            seen_.emplace(parent, TarType::directory);
            continue;
        }
        if (known->second != TarType::directory) {
            return refused(path, "lies below something that is not a directory");
        }
        return {};
    }
    return {};
}

Result<void> DataRules::check_place(const archive::TarEntry& entry) {
    const auto [place, is_new] = seen_.try_emplace(entry.path, entry.type);
    if (!is_new && (entry.type != TarType::directory || place->second != TarType::directory)) {
        return refused(entry.path, "stands in it twice");
    }
    return {};
}

Result<void> DataRules::check_link(const archive::TarEntry& entry) const {
    if (entry.type == TarType::symlink && entry.link_target.empty()) {
        return refused(entry.path, "is a symbolic link to nothing");
    }
    if (entry.type != TarType::hard_link) {
        return {};
    }
    const auto target = seen_.find(entry.link_target);
    if (target == seen_.end() ||
        (target->second != TarType::file && target->second != TarType::hard_link)) {
        return refused(
            entry.path,
            fmt::format(
                "is a hard link to '{}', which is no file before it", printable(entry.link_target)
            )
        );
    }
    return {};
}

}  // namespace quern::apk
