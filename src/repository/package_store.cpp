// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/package_store.hpp"

#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

std::string label_of(const Selected& selected) {
    return fmt::format(
        "{}-{} of {}", selected.entry->name, selected.entry->version, selected.location.shown()
    );
}

/// The link of the chain from the index to the control section. Source: apk-format 1.6; attacks P3.
Result<void> check_against_entry(const apk::PackageFile& package, const Selected& selected) {
    const apk::IndexEntry& entry = *selected.entry;
    const apk::PackageHead& head = package.head();
    if (head.checksum != entry.checksum) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format(
                "{}: the control section is not the one that the index names: it is {}, the index "
                "says {}",
                label_of(selected),
                head.checksum,
                entry.checksum.empty() ? "nothing" : entry.checksum
            )
        );
    }
    if (head.info.name != entry.name || head.info.version != entry.version) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format(
                "{}: the package calls itself {}-{}",
                label_of(selected),
                head.info.name,
                head.info.version
            )
        );
    }
    return {};
}

/// The link from the control section to the data section, over the bytes as stored. Source:
/// apk-format 1.3 (datahash).
Result<void> check_data_section(const apk::PackageFile& package, int fd, const Selected& selected) {
    Hasher hasher(DigestKind::sha256);
    std::array<char, std::size_t{1} << 17U> buffer;
    auto offset = static_cast<off_t>(package.head().data_offset);
    while (true) {
        const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (count < 0) {
            const int err = errno;
            if (err == EINTR) {
                continue;
            }
            return Error::system(err, fmt::format("reading {}", label_of(selected)));
        }
        if (count == 0) {
            break;
        }
        hasher.update(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
        offset += count;
    }
    const std::string actual = hasher.finish().hex();
    if (actual != package.info().data_hash) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format(
                "{}: the data section is not the one that the control section names: its sha256 is "
                "{}, datahash says {}",
                label_of(selected),
                actual,
                package.info().data_hash
            )
        );
    }
    return {};
}

/// Reads and checks a whole package whose bytes come from the network or lay in the store. Takes
/// `fd` over.
Result<apk::PackageFile> open_checked(UniqueFd fd, const Selected& selected) {
    UniqueFd own(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!own) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", label_of(selected)));
    }
    QUERN_TRY(apk::PackageFile package, apk::PackageFile::open_fd(own.release()));
    QUERN_CHECK(check_against_entry(package, selected));
    QUERN_CHECK(check_data_section(package, fd.get(), selected));
    return package;
}

/// Name of a package in the store: the hex form of its identity, which no index can make a path of.
std::optional<std::string> object_name(const apk::IndexEntry& entry) {
    if (!entry.checksum.starts_with("Q1")) {
        return std::nullopt;
    }
    const auto digest =
        Digest::from_base64(DigestKind::sha1, std::string_view(entry.checksum).substr(2));
    return digest ? std::optional(digest->hex() + ".apk") : std::nullopt;
}

/// The size in the index is not binding (apk-format 2), but it bounds what a lying server can make
/// us write.
std::uint64_t download_limit(const apk::IndexEntry& entry, std::uint64_t most) {
    constexpr std::uint64_t slack = std::uint64_t{64} << 20U;
    return entry.file_size == 0 || entry.file_size > most / 2
               ? most
               : std::min(most, 2 * entry.file_size + slack);
}

}  // namespace

PackageStore::PackageStore(StoreOptions options, fetch::Fetcher& fetcher)
    : options_(std::move(options)), fetcher_(fetcher) {}

Result<apk::PackageFile> PackageStore::open(const Selected& selected) {
    if (!selected.location.is_remote()) {
        return open_local(selected);
    }
    const auto name = object_name(*selected.entry);
    if (!name) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format("{}: the index has no checksum for it", label_of(selected))
        );
    }
    const std::filesystem::path path = options_.directory / "packages" / *name;
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    std::string problem;
    if (fd) {
        auto package = open_checked(std::move(fd), selected);
        if (package) {
            return package;
        }
        problem = package.error().message();
        ::unlink(path.c_str());
    }
    if (options_.offline || fetcher_.is_offline()) {
        return Error(
            problem.empty() ? ErrorCode::network : ErrorCode::digest_mismatch,
            fmt::format(
                "offline: {} is not in the package store{}",
                label_of(selected),
                problem.empty() ? "" : ": " + problem
            )
        );
    }
    return download(selected, path);
}

Result<apk::PackageFile> PackageStore::open_local(const Selected& selected) const {
    const std::filesystem::path path =
        selected.location.directory() / selected.architecture / selected.entry->file_name();
    auto package = apk::PackageFile::open(path);
    if (!package) {
        return std::move(package).error().context(label_of(selected));
    }
    QUERN_CHECK(check_against_entry(*package, selected));
    return package;
}

Result<apk::PackageFile> PackageStore::download(
    const Selected& selected, const std::filesystem::path& path
) const {
    std::error_code code;
    std::filesystem::create_directories(path.parent_path(), code);
    if (code) {
        return Error::system(code.value(), fmt::format("making {}", path.parent_path().string()));
    }
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    fetch::HttpRequest request{
        .url = selected.location.package_url(selected.architecture, *selected.entry),
        .headers = {},
        .limits = {}};
    request.limits.body_bytes = download_limit(*selected.entry, request.limits.body_bytes);
    QUERN_TRY(
        const fetch::HttpResponse response,
        fetcher_.http().get(
            request,
            [&file](std::string_view bytes) { return file.write(bytes); },
            [&file]() -> Result<void> {
                if (::ftruncate(file.fd(), 0) != 0 || ::lseek(file.fd(), 0, SEEK_SET) != 0) {
                    const int err = errno;
                    return Error::system(err, "emptying a download");
                }
                return {};
            },
            {},
            fetcher_.cancel()
        )
    );
    if (response.status != 200) {
        return Error(
            response.status == 404 ? ErrorCode::not_found : ErrorCode::network,
            fmt::format("{}: the server answers {}", label_of(selected), response.status)
        );
    }
    UniqueFd reading(::open(file.temporary_path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!reading) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", label_of(selected)));
    }
    auto package = open_checked(std::move(reading), selected);
    if (package) {
        QUERN_CHECK(file.commit());
    }
    return package;
}

Result<void> PackageStore::prefetch(
    std::span<const Selected> packages,
    ThreadPool& pool,
    Reporter& reporter,
    const CancelToken& cancel
) {
    std::vector<const Selected*> remote;
    for (const Selected& selected : packages) {
        if (selected.location.is_remote()) {
            remote.push_back(&selected);
        }
    }
    if (remote.empty()) {
        return {};
    }
    Activity activity(reporter, "fetching packages");
    std::atomic<std::size_t> done = 0;
    const auto bring = [&](std::size_t i) -> Result<void> {
        QUERN_CHECK(cancel.check());
        QUERN_TRY(const apk::PackageFile package, open(*remote[i]));
        activity.progress(++done, remote.size(), "packages");
        return {};
    };
    QUERN_CHECK(pool.for_each_index(remote.size(), bring));
    activity.outcome(fmt::format("{} packages", remote.size()));
    return {};
}

}  // namespace quern::repository
