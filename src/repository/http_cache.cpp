// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/http_cache.hpp"

#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

constexpr std::uint64_t largest_note = 64 * 1024;

/// Where one file lies.
struct Place {
    std::filesystem::path bytes;
    std::filesystem::path note;

    Place(const std::filesystem::path& directory, const std::string& url) {
        const std::string name = digest_of(DigestKind::sha256, url).hex();
        bytes = directory / (name + ".body");
        note = directory / (name + ".note");
    }
};

/// Status 0 if there is nothing that is whole.
CachedBody read_kept(const Place& place, const std::string& url, std::uint64_t limit) {
    CachedBody body;
    body.url = url;
    const auto note = read_file(place.note, largest_note);
    auto bytes = read_file(place.bytes, limit);
    if (!note || !bytes) {
        return body;
    }
    const auto lines = split(*note, '\n');
    if (lines.size() != 4 || lines[0] != digest_of(DigestKind::sha256, *bytes).hex()) {
        return body;
    }
    body.status = 200;
    body.bytes = std::move(*bytes);
    body.etag = lines[1];
    body.last_modified = lines[2];
    return body;
}

}  // namespace

HttpCache::HttpCache(std::filesystem::path directory, fetch::Fetcher& fetcher, bool offline)
    : directory_(std::move(directory)),
      fetcher_(fetcher),
      offline_(offline || fetcher.is_offline()) {}

Result<CachedBody> HttpCache::get(const std::string& url, std::uint64_t limit) const {
    CachedBody kept = read_kept(Place(directory_, url), url, limit);
    if (!offline_) {
        return download(url, limit, kept);
    }
    if (kept.status == 0) {
        return Error(
                   ErrorCode::network,
                   fmt::format("offline: {} was not fetched before", redact_url(url))
        )
            .help("run once without --offline");
    }
    return kept;
}

Result<CachedBody> HttpCache::download(
    const std::string& url, std::uint64_t limit, const CachedBody& kept
) const {
    fetch::HttpRequest request{.url = url, .headers = {}, .limits = fetcher_.limits()};
    request.limits.body_bytes = limit;
    if (!kept.etag.empty()) {
        request.headers.emplace_back("If-None-Match", kept.etag);
    } else if (!kept.last_modified.empty()) {
        request.headers.emplace_back("If-Modified-Since", kept.last_modified);
    }
    CachedBody fresh;
    fresh.url = url;
    QUERN_TRY(
        const fetch::HttpResponse response,
        fetcher_.http().get(
            request,
            [&fresh](std::string_view bytes) -> Result<void> {
                fresh.bytes.append(bytes);
                return {};
            },
            [&fresh]() -> Result<void> {
                fresh.bytes.clear();
                return {};
            },
            {},
            fetcher_.cancel()
        )
    );
    if (response.status == 304 && kept.status == 200) {
        return kept;
    }
    fresh.status = response.status;
    fresh.is_fresh = true;
    fresh.etag = printable(response.etag);
    fresh.last_modified = printable(response.last_modified);
    return fresh;
}

Result<void> HttpCache::keep(const CachedBody& body) const {
    if (!body.is_fresh || body.status != 200) {
        return {};
    }
    std::error_code code;
    std::filesystem::create_directories(directory_, code);
    if (code) {
        return Error::system(code.value(), fmt::format("making {}", directory_.string()));
    }
    const Place place(directory_, body.url);
    const std::string digest = digest_of(DigestKind::sha256, body.bytes).hex();
    QUERN_CHECK(write_file_atomically(place.bytes, body.bytes));
    return write_file_atomically(
        place.note, fmt::format("{}\n{}\n{}\n", digest, body.etag, body.last_modified)
    );
}

}  // namespace quern::repository
