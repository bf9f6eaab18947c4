// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/content_store.hpp"
#include "fetch/http.hpp"
#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "support/cancel.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quern::fetch {

/// One file from outside.
struct FetchRequest {
    std::string url;
    std::vector<std::string> mirrors;       ///< tried in order after `url`
    std::optional<Digest> expected_sha256;  ///< without any digest the file is always downloaded
    std::optional<Digest> expected_sha512;
    HttpLimits limits;
};

struct FetchedFile {
    UniqueFd fd;  ///< at offset 0
    Digest sha256;
    std::uint64_t size = 0;
    bool was_cached = false;
};

/// Gets files: from the content store if a digest is known, else by http(s), checked while
/// streaming, then kept in the store by every digest that was expected and by SHA-256. Where a
/// digest is known, a later call goes on where one that failed or was stopped left off. Thread
/// safety: `fetch`.
class Fetcher {
 public:
    /// `limits` are what requests take that have no reason for others.
    Fetcher(
        HttpClient& http,
        const ContentStore& store,
        const CancelToken& cancel,
        bool offline,
        const HttpLimits& limits = {}
    );

    /// Errors: digest_mismatch (the message has both digests), network (also: offline and not in
    /// the store), not_found, limit, interrupted, io, unsupported (scheme; file: too). Nothing that
    /// fails its check is kept.
    Result<FetchedFile> fetch(const FetchRequest& request, Reporter& reporter, ActivityId parent);
    HttpClient& http() { return http_; }
    const ContentStore& store() const { return store_; }
    const CancelToken& cancel() const { return cancel_; }
    bool is_offline() const { return offline_; }
    const HttpLimits& limits() const { return limits_; }

 private:
    struct Download;

    Result<std::optional<FetchedFile>> find(const FetchRequest& request) const;
    Result<FetchedFile> download(
        const std::string& url, const FetchRequest& request, Activity& activity
    );
    Result<HttpResponse> receive(
        const std::string& url, const FetchRequest& request, Download& download, Activity& activity
    );
    Result<FetchedFile> finish(
        const std::string& url, const FetchRequest& request, Download& download
    ) const;
    Result<void> keep(const FetchRequest& request, const Digest& sha256, int fd) const;
    Error offline_error(const FetchRequest& request) const;

    HttpClient& http_;
    const ContentStore& store_;
    const CancelToken& cancel_;
    bool offline_;
    HttpLimits limits_;
};

}  // namespace quern::fetch
