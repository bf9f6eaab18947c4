// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/fetcher.hpp"
#include "quern/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace quern::repository {

/// What a server says about a small file, or said the last time.
struct CachedBody {
    std::string url;
    int status = 0;  ///< 200, or what the server answered instead
    std::string bytes;
    bool is_fresh = false;  ///< came over the network just now and is not kept yet
    std::string etag;
    std::string last_modified;
};

/// Small files of servers - indexes, keys - asked for again each time, sent again only if they
/// changed. Each lies as two files named by the digest of its URL: the bytes, and a note with their
/// digest, ETag and date. The note counts only if the digest fits: a kill between the two renames,
/// or a changed byte, costs a download and nothing else. Processes share a directory; it may be
/// deleted at any time. Thread safety: all methods.
class HttpCache {
 public:
    HttpCache(std::filesystem::path directory, fetch::Fetcher& fetcher, bool offline);

    /// At most `limit` bytes. Offline: what is kept. Errors: network (also: offline and nothing is
    /// kept), limit, interrupted. A status such as 404 is a body without bytes.
    Result<CachedBody> get(const std::string& url, std::uint64_t limit) const;
    /// Keeps a fresh body, once the caller has found it good. Errors: io.
    Result<void> keep(const CachedBody& body) const;
    bool is_offline() const { return offline_; }

 private:
    Result<CachedBody> download(const std::string& url, std::uint64_t limit, const CachedBody& kept)
        const;

    std::filesystem::path directory_;
    fetch::Fetcher& fetcher_;
    bool offline_;
};

}  // namespace quern::repository
