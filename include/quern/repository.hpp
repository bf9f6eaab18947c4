// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/index.hpp"
#include "quern/index_table.hpp"
#include "quern/keyring.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// One line of a repository list: `BASE` or `@tag BASE`; BASE is http(s)://…, file://… or a
/// directory.
struct Location {
    std::string base;  ///< no trailing slash, no credentials removed: use `shown` in messages
    std::string tag;   ///< without '@'

    /// Errors: invalid_data.
    static Result<Location> parse(std::string_view line);
    bool is_remote() const;
    /// Local ones only.
    std::filesystem::path directory() const;
    std::string index_url(std::string_view architecture) const;
    std::string package_url(std::string_view architecture, const apk::IndexEntry& entry) const;
    /// Inverts parse, without passwords.
    std::string shown() const;
    friend bool operator==(const Location&, const Location&) = default;
};

/// An index that was read and whose signature was checked.
struct RepositoryIndex {
    Location location;
    std::string architecture;
    apk::IndexTable packages;
    std::optional<std::string> verified_by = {};  ///< nothing: signatures were ignored
};

/// A package that was chosen from a repository. Cheap to copy.
struct Selected {
    std::shared_ptr<const apk::IndexEntry> entry;
    Location location;
    std::string architecture;    ///< directory of the repository that it lies in
    std::string data_hash = {};  ///< hex SHA-256 that a lock demands of the data section, or empty
};

}  // namespace quern::repository
