// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/unnamed_file.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace quern::fetch {

/// Files by digest: `<directory>/sha256:<hex>`, `sha512:<hex>`.
/// Source: recipe-and-build 6.8; melange's --cache-dir has the same form.
/// Thread safety: all methods; processes share a directory.
class ContentStore {
 public:
    /// `directories` are looked through in order; new content goes to the first. A missing
    /// directory is empty.
    explicit ContentStore(std::vector<std::filesystem::path> directories);

    /// An open descriptor at offset 0 to bytes whose digest was checked just now. Nothing if there
    /// are none; a damaged file is removed where that is allowed, else passed over. Errors: io (a
    /// file that cannot be read). `known_state`: of a file (file_state) whose bytes this process
    /// has hashed; as long as it is in that state it is not read again.
    Result<std::optional<UniqueFd>> find(const Digest& digest, std::string_view known_state = {})
        const;
    /// Keeps the content of `fd` (read from its start; its offset stays), whose digest the caller
    /// has checked. Atomic. A file from `temporary` gets a name; any other is copied. Errors: io.
    Result<void> insert(const Digest& digest, int fd, const NameOptions& options = {}) const;
    /// A new file without a name on the file system of the first directory, for reading and
    /// writing. Errors: io.
    Result<UniqueFd> temporary() const;
    /// Where `insert` keeps the content.
    std::filesystem::path path_of(const Digest& digest) const;
    const std::vector<std::filesystem::path>& directories() const { return directories_; }

 private:
    std::vector<std::filesystem::path> directories_;
};

}  // namespace quern::fetch
