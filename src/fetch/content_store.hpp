// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace quern::fetch {

/// Files by digest: `<directory>/sha256:<hex>`, `sha512:<hex>` (recipe-and-build 6.8; melange's --cache-dir has the same form).
class ContentStore {
 public:
    /// `directories` are looked through in order; new content goes to the first. A missing directory is empty.
    explicit ContentStore(std::vector<std::filesystem::path> directories);

    /// An open descriptor to bytes whose digest was checked just now. Nothing if there are none; a damaged file is removed where that is allowed, else passed over.
    Result<std::optional<UniqueFd>> find(const Digest& digest) const;
    /// Keeps the content of `fd` (read from its start), whose digest the caller has checked. Atomic.
    Result<void> insert(const Digest& digest, int fd) const;
    std::filesystem::path path_of(const Digest& digest) const;

 private:
    std::vector<std::filesystem::path> directories_;
};

}  // namespace quern::fetch
