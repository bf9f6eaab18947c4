// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "fetch/content_store.hpp"
#include "fetch/http.hpp"
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
    std::vector<std::string> mirrors;        ///< tried in order after `url`
    std::optional<Digest> expected_sha256;
    std::optional<Digest> expected_sha512;
    HttpLimits limits;
};

struct FetchedFile {
    UniqueFd fd;  ///< at offset 0
    Digest sha256;
    std::uint64_t size = 0;
    bool was_cached = false;
};

/// Gets files: from the content store if the digest is known, else by http(s) or file://, checked while streaming, then kept in the store.
class Fetcher {
 public:
    Fetcher(HttpClient& http, const ContentStore& store, const CancelToken& cancel, bool offline);

    /// Errors: digest_mismatch (both digests), network, not_found, limit, interrupted, unsupported (scheme). Nothing that fails its check is kept.
    Result<FetchedFile> fetch(const FetchRequest& request, Reporter& reporter, ActivityId parent);
    HttpClient& http() { return http_; }
    const CancelToken& cancel() const { return cancel_; }
    bool is_offline() const { return offline_; }

 private:
    HttpClient& http_;
    const ContentStore& store_;
    const CancelToken& cancel_;
    bool offline_;
};

}  // namespace quern::fetch
