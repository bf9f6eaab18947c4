// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <filesystem>

namespace quern::fetch {

/// The beginning of a file that a download left when the network failed or the user stopped it:
/// `.<name>.part` in the directory of the whole file. Nobody vouches for its bytes: who goes on
/// from it checks the whole. `cache gc` drops those older than a day (support/cache_directory).
class DownloadPart {
 public:
    explicit DownloadPart(const std::filesystem::path& whole);

    /// The beginning, open for reading and writing with its offset at the end; else a new file
    /// without a name. Of several processes one gets the beginning, the others an empty file.
    /// Errors: io.
    Result<UniqueFd> take() const;
    /// Keeps what came for the next call, if it is worth it; a failure to keep it costs nothing
    /// but a longer download.
    void leave(int fd, const Error& reason) const;

 private:
    std::filesystem::path path_;
};

}  // namespace quern::fetch
