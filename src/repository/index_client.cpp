// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The signature is checked on every read, wherever the bytes come from, and only an index that is
// good is kept.
#include "repository/index_client.hpp"

#include "repository/http_cache.hpp"
#include "repository/index_table_cache.hpp"
#include "support/atomic_file.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

/// Bytes of an index, compressed, below which it is read as fast as its table.
constexpr std::size_t least_kept = 64 * 1024;

/// Downloads at a time; most of the time goes to waiting.
constexpr std::size_t parallel_downloads = 8;

/// Computed unless the signature's check has done so.
Digest sha256_of(const apk::VerifiedBody& body) {
    if (body.sha256.empty()) {
        return digest_of(DigestKind::sha256, body.bytes);
    }
    return {
        DigestKind::sha256,
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
        {reinterpret_cast<const std::uint8_t*>(body.sha256.data()), body.sha256.size()}};
}

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
    static std::string next_move(int status) {
        return status == 401 || status == 403
                   ? "credentials are taken from netrc, HTTP_AUTH=basic:HOST:USER:PASSWORD or the "
                     "address"
                   : "an address is that of the folder in which the architectures lie; packages "
                     "are "
                     "chosen from its APKINDEX.tar.gz, not from the Packages.adb of apk 3";
    }

    /// With the next move, unless there is one.
    static Error advised(Error error) {
        if (error.code() == ErrorCode::limit) {
            return std::move(error).help("raise the limit with --max-index-file-bytes");
        }
        if (error.code() == ErrorCode::network && error.help().empty()) {
            return std::move(error).help(
                "check the address; with --offline what the cache has of it is used"
            );
        }
        return error;
    }

    /// A repository that is there, and of no use, is not passed over. Errors: unsupported.
    Result<void> refuse_v3_alone() const {
        const std::filesystem::path folder = location_.directory() / architecture_;
        std::error_code failure;
        if (!std::filesystem::exists(folder / "Packages.adb", failure)) {
            return {};
        }
        return Error(
                   ErrorCode::unsupported,
                   fmt::format(
                       "{} has an index of apk 3, Packages.adb, and no APKINDEX.tar.gz, from which "
                       "packages are chosen",
                       architecture_
                   )
        )
            .help(fmt::format(
                "if its packages are of version 2: quern index --index-format v2,v3 -o "
                "{0}/APKINDEX.tar.gz {0}; those of version 3 are for apk 3 alone: build them "
                "without --package-format v3",
                folder.string()
            ));
    }

    Result<std::optional<RepositoryIndex>> read_local() const {
        const std::filesystem::path path =
            location_.directory() / architecture_ / "APKINDEX.tar.gz";
        auto bytes = read_file(path, options_.limits.file_bytes);
        if (!bytes) {
            if (bytes.error().code() == ErrorCode::not_found) {
                QUERN_CHECK(refuse_v3_alone());
                return std::optional<RepositoryIndex>();
            }
            return advised(std::move(bytes).error());
        }
        return parse(*bytes, std::filesystem::absolute(path).string());
    }

    Result<std::optional<RepositoryIndex>> read_remote() const {
        const std::string url = location_.index_url(architecture_);
        const HttpCache cache(options_.cache_directory / "indexes", fetcher_, options_.offline);
        auto answer = cache.get(url, options_.limits.file_bytes);
        if (!answer) {
            return advised(std::move(answer).error());
        }
        const CachedBody& body = *answer;
        if (body.status != 200) {
            return Error(
                       body.status == 404 ? ErrorCode::not_found : ErrorCode::network,
                       fmt::format(
                           "no index for {}: the server answers {}", architecture_, body.status
                       )
            )
                .help(next_move(body.status));
        }
        auto index = parse(body.bytes, url);
        if (index) {
            QUERN_CHECK(cache.keep(body));
        }
        return index;
    }

    /// `place` is where the bytes come from.
    Result<std::optional<RepositoryIndex>> parse(std::string_view bytes, const std::string& place)
        const {
        QUERN_TRY(
            apk::VerifiedBody body,
            apk::verified_index_body(
                bytes, options_.ignore_signatures ? nullptr : &keyring_, options_.limits
            )
        );
        RepositoryIndex index;
        index.location = location_;
        index.architecture = architecture_;
        QUERN_TRY(index.packages, read_table(body, place));
        index.verified_by = std::move(body.by);
        return std::optional<RepositoryIndex>(std::move(index));
    }

    /// The table of a body whose signature holds, from the cache if it was read before.
    Result<apk::IndexTable> read_table(const apk::VerifiedBody& body, const std::string& place)
        const {
        if (body.bytes.size() < least_kept) {
            return apk::read_index_table(body.bytes, options_.limits);
        }
        const IndexTableCache cache(options_.cache_directory / "tables");
        const Digest digest = sha256_of(body);
        if (auto known = cache.find(place, digest, options_.limits)) {
            return std::move(*known);
        }
        QUERN_TRY(apk::IndexTable table, apk::read_index_table(body.bytes, options_.limits));
        cache.keep(place, digest, table);
        return table;
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
