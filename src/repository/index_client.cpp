// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A remote index lies in the cache as two files named by the digest of its URL: the bytes as
// served, and a note with their digest and the server's ETag and date. The note counts only if the
// digest fits, so that a kill between the two renames, or a changed byte, costs a download and
// nothing else. The signature is checked on every read, wherever the bytes come from.
#include "repository/index_client.hpp"

#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

/// Downloads at a time; most of the time goes to waiting.
constexpr std::size_t parallel_downloads = 8;

struct CachedIndex {
    std::string bytes;
    std::string etag;
    std::string last_modified;
};

/// Where one index lies in the cache.
class CacheEntry {
 public:
    CacheEntry(const std::filesystem::path& directory, const std::string& url) {
        const std::string name = digest_of(DigestKind::sha256, url).hex();
        bytes_ = directory / (name + ".tar.gz");
        note_ = directory / (name + ".note");
    }

    /// Nothing if there is none that is whole.
    std::optional<CachedIndex> read(std::uint64_t limit) const {
        auto note = read_file(note_, 64 * 1024);
        auto bytes = read_file(bytes_, limit);
        if (!note || !bytes) {
            return std::nullopt;
        }
        const auto lines = split(*note, '\n');
        if (lines.size() != 4 || lines[0] != digest_of(DigestKind::sha256, *bytes).hex()) {
            return std::nullopt;
        }
        return CachedIndex{std::move(*bytes), std::string(lines[1]), std::string(lines[2])};
    }

    Result<void> write(const CachedIndex& index) const {
        std::error_code code;
        std::filesystem::create_directories(bytes_.parent_path(), code);
        if (code) {
            return Error::system(
                code.value(), fmt::format("making {}", bytes_.parent_path().string())
            );
        }
        const std::string digest = digest_of(DigestKind::sha256, index.bytes).hex();
        QUERN_CHECK(write_file_atomically(bytes_, index.bytes));
        return write_file_atomically(
            note_, fmt::format("{}\n{}\n{}\n", digest, index.etag, index.last_modified)
        );
    }

 private:
    std::filesystem::path bytes_;
    std::filesystem::path note_;
};

/// Reads one index; one object for each location.
class IndexReader {
 public:
    IndexReader(
        const Location& location,
        std::string_view architecture,
        const apk::Keyring& keyring,
        fetch::Fetcher& fetcher,
        const IndexClientOptions& options
    )
        : location_(location),
          architecture_(architecture),
          keyring_(keyring),
          fetcher_(fetcher),
          options_(options) {}

    /// Nothing if a local repository has no index.
    Result<std::optional<RepositoryIndex>> read() const {
        auto index = location_.is_remote() ? read_remote() : read_local();
        if (!index) {
            return std::move(index).error().context(fmt::format("repository {}", location_.shown())
            );
        }
        return index;
    }

 private:
    Result<std::optional<RepositoryIndex>> read_local() const {
        const std::filesystem::path path =
            location_.directory() / architecture_ / "APKINDEX.tar.gz";
        auto bytes = read_file(path, options_.limits.file_bytes);
        if (!bytes) {
            if (bytes.error().code() == ErrorCode::not_found) {
                return std::optional<RepositoryIndex>();
            }
            return std::move(bytes).error();
        }
        return parse(*bytes);
    }

    Result<std::optional<RepositoryIndex>> read_remote() const {
        const std::string url = location_.index_url(architecture_);
        const CacheEntry entry(options_.cache_directory / "indexes", url);
        const std::optional<CachedIndex> cached = entry.read(options_.limits.file_bytes);
        if (options_.offline || fetcher_.is_offline()) {
            if (!cached) {
                return Error(ErrorCode::network, "offline, and its index was not fetched before");
            }
            return parse(cached->bytes);
        }
        QUERN_TRY(const std::optional<CachedIndex> fresh, download(url, cached));
        if (!fresh) {
            return parse(cached->bytes);
        }
        auto index = parse(fresh->bytes);
        if (index) {
            QUERN_CHECK(entry.write(*fresh));
        }
        return index;
    }

    /// Nothing if what is cached is still what the server has.
    Result<std::optional<CachedIndex>> download(
        const std::string& url, const std::optional<CachedIndex>& cached
    ) const {
        fetch::HttpRequest request{.url = url, .headers = {}, .limits = {}};
        request.limits.body_bytes = options_.limits.file_bytes;
        if (cached && !cached->etag.empty()) {
            request.headers.emplace_back("If-None-Match", cached->etag);
        } else if (cached && !cached->last_modified.empty()) {
            request.headers.emplace_back("If-Modified-Since", cached->last_modified);
        }
        CachedIndex fresh;
        auto response = fetcher_.http().get(
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
        );
        if (!response) {
            return std::move(response).error();
        }
        if (response->status == 304 && cached) {
            return std::optional<CachedIndex>();
        }
        if (response->status != 200) {
            return Error(
                response->status == 404 ? ErrorCode::not_found : ErrorCode::network,
                fmt::format(
                    "no index for {}: the server answers {}", architecture_, response->status
                )
            );
        }
        fresh.etag = printable(response->etag);
        fresh.last_modified = printable(response->last_modified);
        return std::optional<CachedIndex>(std::move(fresh));
    }

    Result<std::optional<RepositoryIndex>> parse(std::string_view bytes) const {
        QUERN_TRY(
            apk::IndexFile file,
            apk::read_index(
                bytes, options_.ignore_signatures ? nullptr : &keyring_, options_.limits
            )
        );
        RepositoryIndex index;
        index.location = location_;
        index.architecture = architecture_;
        index.index = std::make_shared<const apk::Index>(std::move(file.index));
        index.verified_by = std::move(file.verified_by);
        return std::optional<RepositoryIndex>(std::move(index));
    }

    const Location& location_;
    std::string architecture_;
    const apk::Keyring& keyring_;
    fetch::Fetcher& fetcher_;
    const IndexClientOptions& options_;
};

}  // namespace

Result<std::vector<RepositoryIndex>> read_indexes(
    std::span<const Location> locations,
    const apk::Keyring& keyring,
    fetch::Fetcher& fetcher,
    const IndexClientOptions& options,
    Reporter& reporter
) {
    std::vector<std::optional<RepositoryIndex>> found(locations.size());
    const auto read_one = [&](std::size_t i) -> Result<void> {
        QUERN_CHECK(fetcher.cancel().check());
        QUERN_TRY(
            found[i],
            IndexReader(locations[i], options.architecture, keyring, fetcher, options).read()
        );
        return {};
    };
    const bool has_remote = std::any_of(locations.begin(), locations.end(), [](const Location& l) {
        return l.is_remote();
    });
    if (has_remote && locations.size() > 1) {
        ThreadPool pool(std::min(locations.size(), parallel_downloads));
        QUERN_CHECK(pool.for_each_index(locations.size(), read_one));
    } else {
        for (std::size_t i = 0; i < locations.size(); ++i) {
            QUERN_CHECK(read_one(i));
        }
    }
    std::vector<RepositoryIndex> indexes;
    for (std::size_t i = 0; i < locations.size(); ++i) {
        if (found[i]) {
            indexes.push_back(std::move(*found[i]));
        } else {
            reporter.warning(fmt::format(
                "repository {} has no index for {}: skipped",
                locations[i].shown(),
                options.architecture
            ));
        }
    }
    return indexes;
}

}  // namespace quern::repository
