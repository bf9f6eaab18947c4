// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/fetcher.hpp"

#include "fetch/download_part.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace quern::fetch {

namespace {

/// The digest by which the store knows the file.
const std::optional<Digest>& wanted_of(const FetchRequest& request) {
    return request.expected_sha256 ? request.expected_sha256 : request.expected_sha512;
}

Error mismatch(const std::string& place, const Digest& expected, const Digest& actual) {
    const std::string_view kind = expected.kind() == DigestKind::sha512 ? "sha512" : "sha256";
    return Error(
               ErrorCode::digest_mismatch,
               fmt::format(
                   "{} is not what was expected: {} is {}, wanted {}",
                   place,
                   kind,
                   actual.hex(),
                   expected.hex()
               )
    )
        .help("check where the file comes from; if it was changed on purpose, set the new digest");
}

/// The last part of the URL's path, for a line of progress.
std::string title_of(const std::string& url) {
    std::string shown = redact_url(url);
    shown.resize(std::min(shown.find_first_of("?#"), shown.size()));
    const std::size_t slash = shown.rfind('/');
    return "fetching " + (slash + 1 < shown.size() ? shown.substr(slash + 1) : shown);
}

bool is_http(std::string_view url) {
    const std::string lower = to_lower(url.substr(0, 8));
    return lower.starts_with("http://") || lower.starts_with("https://");
}

Error unsupported_scheme(const std::string& url) {
    return Error(
               ErrorCode::unsupported,
               fmt::format("'{}' cannot be fetched: only http and https can", redact_url(url))
    )
        .help("put local files in the source directory, or in the cache by their digest");
}

Result<std::uint64_t> size_of(int fd) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0) {
        const int err = errno;
        return Error::system(err, "looking at a cached file");
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Error with_mirrors(std::vector<Error> errors) {
    if (errors.size() == 1) {
        return std::move(errors.front());
    }
    // A wrong digest says more than a server that does not answer.
    ErrorCode code = errors.front().code();
    std::string text = "no source has the file";
    std::string help;
    for (const Error& error : errors) {
        code = error.code() == ErrorCode::digest_mismatch ? error.code() : code;
        text += "\n  " + error.message();
        help = help.empty() ? error.help() : help;
    }
    return Error(code, std::move(text)).help(std::move(help));
}

}  // namespace

/// What arrived: every digest that is wanted and SHA-256, from one pass.
struct Fetcher::Download {
    UniqueFd fd;
    std::uint64_t size = 0;
    Hasher sha256{DigestKind::sha256};
    std::optional<Hasher> sha512;

    void count(std::string_view bytes) {
        sha256.update(bytes);
        if (sha512) {
            sha512->update(bytes);
        }
        size += bytes.size();
    }

    /// What an earlier call left, up to the offset of `fd`.
    Result<void> count_beginning() {
        std::array<char, std::size_t{1} << 16U> buffer;
        while (true) {
            const ssize_t got =
                ::pread(fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(size));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                const int err = errno;
                return Error::system(err, "reading the beginning of a download");
            }
            if (got == 0) {
                return {};
            }
            count({buffer.data(), static_cast<std::size_t>(got)});
        }
    }

    Result<void> take(std::string_view bytes) {
        QUERN_CHECK(write_all(fd.get(), bytes));
        count(bytes);
        return {};
    }

    Result<void> clear() {
        QUERN_CHECK(empty_file(fd.get()));
        size = 0;
        std::ignore = sha256.finish();  // begins anew
        if (sha512) {
            std::ignore = sha512->finish();
        }
        return {};
    }
};

Fetcher::Fetcher(
    HttpClient& http,
    const ContentStore& store,
    const CancelToken& cancel,
    bool offline,
    const HttpLimits& limits
)
    : http_(http), store_(store), cancel_(cancel), offline_(offline), limits_(limits) {}

Result<std::optional<FetchedFile>> Fetcher::find(const FetchRequest& request) const {
    const auto& wanted = wanted_of(request);
    if (!wanted) {
        return std::optional<FetchedFile>();
    }
    QUERN_TRY(std::optional<UniqueFd> fd, store_.find(*wanted));
    if (!fd) {
        return std::optional<FetchedFile>();
    }
    FetchedFile file;
    file.fd = std::move(*fd);
    file.was_cached = true;
    if (request.expected_sha256 && request.expected_sha512) {
        QUERN_TRY(const Digest sha512, digest_of_fd(DigestKind::sha512, file.fd.get()));
        if (!(sha512 == *request.expected_sha512)) {
            return mismatch(
                redact_url(request.url) + ", kept by its sha256,", *request.expected_sha512, sha512
            );
        }
    }
    if (request.expected_sha256) {
        file.sha256 = *request.expected_sha256;
    } else {
        QUERN_TRY(file.sha256, digest_of_fd(DigestKind::sha256, file.fd.get()));
    }
    ::lseek(file.fd.get(), 0, SEEK_SET);
    QUERN_TRY(file.size, size_of(file.fd.get()));
    return std::optional<FetchedFile>(std::move(file));
}

Result<HttpResponse> Fetcher::receive(
    const std::string& url, const FetchRequest& request, Download& download, Activity& activity
) {
    QUERN_TRY(
        HttpResponse response,
        http_.get(
            {.url = url, .headers = {}, .resume_from = download.size, .limits = request.limits},
            [&](std::string_view bytes) { return download.take(bytes); },
            [&] { return download.clear(); },
            [&](std::uint64_t done, std::uint64_t total) { activity.progress(done, total, "B"); },
            cancel_
        )
    );
    if (response.status != 200 && !response.is_partial) {
        const bool is_missing = response.status == 404 || response.status == 410;
        return Error(
            is_missing ? ErrorCode::not_found : ErrorCode::network,
            fmt::format("fetching {}: the server answers {}", redact_url(url), response.status)
        );
    }
    return response;
}

Result<FetchedFile> Fetcher::finish(
    const std::string& url, const FetchRequest& request, Download& download
) const {
    FetchedFile file;
    file.sha256 = download.sha256.finish();
    file.size = download.size;
    if (request.expected_sha256 && !(file.sha256 == *request.expected_sha256)) {
        return mismatch(redact_url(url), *request.expected_sha256, file.sha256);
    }
    if (download.sha512) {
        const Digest sha512 = download.sha512->finish();
        if (!(sha512 == *request.expected_sha512)) {
            return mismatch(redact_url(url), *request.expected_sha512, sha512);
        }
    }
    QUERN_CHECK(keep(request, file.sha256, download.fd.get()));
    QUERN_TRY(file.fd, reopen_for_reading(download.fd.get()));
    return file;
}

Result<FetchedFile> Fetcher::download(
    const std::string& url, const FetchRequest& request, Activity& activity
) {
    if (!is_http(url)) {
        return unsupported_scheme(url);
    }
    std::optional<DownloadPart> part;
    if (const auto& wanted = wanted_of(request)) {
        part.emplace(store_.path_of(*wanted));
    }
    Download download;
    QUERN_TRY(download.fd, part ? part->take() : store_.temporary());
    if (request.expected_sha512) {
        download.sha512.emplace(DigestKind::sha512);
    }
    QUERN_CHECK(download.count_beginning());
    while (true) {
        auto response = receive(url, request, download, activity);
        if (!response) {
            if (part) {
                part->leave(download.fd.get(), response.error());
            }
            return std::move(response).error();
        }
        auto file = finish(url, request, download);
        if (file || !response->is_partial || file.error().code() != ErrorCode::digest_mismatch) {
            return file;
        }
        QUERN_CHECK(download.clear());  // the beginning was of another file
    }
}

Result<void> Fetcher::keep(const FetchRequest& request, const Digest& sha256, int fd) const {
    QUERN_CHECK(store_.insert(sha256, fd));
    return request.expected_sha512 ? store_.insert(*request.expected_sha512, fd) : Result<void>();
}

Error Fetcher::offline_error(const FetchRequest& request) const {
    const auto& wanted = wanted_of(request);
    if (!wanted) {
        return Error(
            ErrorCode::network,
            fmt::format(
                "offline: {} has no expected digest and cannot be looked up in the cache",
                redact_url(request.url)
            )
        );
    }
    const std::filesystem::path path = store_.path_of(*wanted);
    std::string places;
    for (const auto& directory : store_.directories()) {
        places += (places.empty() ? "" : ", ") + directory.string();
    }
    return Error(
               ErrorCode::network,
               fmt::format(
                   "offline: {} ({}) is not in the cache",
                   redact_url(request.url),
                   path.filename().string()
               )
    )
        .help(fmt::format("looked for {} in {}", path.filename().string(), places));
}

Result<FetchedFile> Fetcher::fetch(
    const FetchRequest& request, Reporter& reporter, ActivityId parent
) {
    QUERN_CHECK(cancel_.check());
    if (!is_http(request.url)) {
        return unsupported_scheme(request.url);
    }
    QUERN_TRY(std::optional<FetchedFile> cached, find(request));
    if (cached) {
        return std::move(*cached);
    }
    if (offline_) {
        return offline_error(request);
    }
    Activity activity(reporter, title_of(request.url), parent);
    std::vector<std::string> urls{request.url};
    urls.insert(urls.end(), request.mirrors.begin(), request.mirrors.end());
    std::vector<Error> errors;
    for (const std::string& url : urls) {
        auto file = download(url, request, activity);
        if (file) {
            activity.outcome(human_size(file->size));
            return file;
        }
        if (file.error().code() == ErrorCode::interrupted || file.error().code() == ErrorCode::io) {
            return file;
        }
        errors.push_back(std::move(file).error());
    }
    return with_mirrors(std::move(errors));
}

}  // namespace quern::fetch
