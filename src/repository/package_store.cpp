// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// What was checked once is not checked again by the same process as long as the file is the same by
// device, inode, size and both times: a root of hundreds of packages opens each several times. Who
// unpacks a package checks it anyway (PackageFile::read_data); the check here is for healing,
// before anything is unpacked, or in one with it (read).
#include "repository/package_store.hpp"

#include "fetch/download_part.hpp"
#include "support/atomic_file.hpp"
#include "support/cache_directory.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <optional>
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
    if (!selected.data_hash.empty() && head.info.data_hash != selected.data_hash) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format(
                "{}: the data section is not the one that the lock names: datahash says {}, the "
                "lock says {}",
                label_of(selected),
                head.info.data_hash,
                selected.data_hash
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

/// `problem` is what was wrong with an object that was there.
Error offline_error(const Selected& selected, const std::string& problem) {
    return {
        problem.empty() ? ErrorCode::network : ErrorCode::digest_mismatch,
        fmt::format(
            "offline: {} is not in the package store{}",
            label_of(selected),
            problem.empty() ? "" : ": " + problem
        )};
}

/// Marks the object as used, for the order in which objects are dropped. Once an hour is enough.
void note_use(int fd) {
    struct stat status = {};
    struct timespec now = {};
    constexpr time_t hour = 3600;
    if (::fstat(fd, &status) == 0 && ::clock_gettime(CLOCK_REALTIME, &now) == 0 &&
        status.st_atim.tv_sec + hour < now.tv_sec) {
        const std::array<struct timespec, 2> times = {now, {0, UTIME_OMIT}};
        ::futimens(fd, times.data());  // not ours or read-only: it only counts as older
    }
}

}  // namespace

std::optional<PackageStore::FileState> PackageStore::FileState::of(int fd) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0) {
        return std::nullopt;
    }
    FileState state;
    state.device = status.st_dev;
    state.inode = status.st_ino;
    state.size = status.st_size;
    state.changed = {
        status.st_mtim.tv_sec,
        status.st_mtim.tv_nsec,
        status.st_ctim.tv_sec,
        status.st_ctim.tv_nsec};
    return state;
}

PackageStore::PackageStore(StoreOptions options, fetch::Fetcher& fetcher)
    : options_(std::move(options)), fetcher_(fetcher) {}

Result<apk::PackageFile> PackageStore::open(const Selected& selected) {
    if (!selected.location.is_remote()) {
        return open_local(selected);
    }
    QUERN_TRY(const std::filesystem::path path, path_of(selected));
    std::string problem;
    QUERN_TRY(
        std::optional<apk::PackageFile> kept, open_kept(selected, path, DataCheck::before, problem)
    );
    if (kept) {
        return std::move(*kept);
    }
    return is_offline() ? offline_error(selected, problem) : download(selected, path);
}

Result<void> PackageStore::read(
    const Selected& selected, const std::function<Result<void>(const apk::PackageFile&)>& use
) {
    if (selected.location.is_remote()) {
        QUERN_TRY(const std::filesystem::path path, path_of(selected));
        std::string problem;
        QUERN_TRY(
            const std::optional<apk::PackageFile> kept,
            open_kept(selected, path, DataCheck::while_reading, problem)
        );
        if (kept) {
            auto used = use(*kept);
            if (used || (used.error().code() != ErrorCode::digest_mismatch &&
                         used.error().code() != ErrorCode::invalid_data)) {
                return used;
            }
            // Damaged or made so: opening it tells which.
        }
    }
    QUERN_TRY(const apk::PackageFile package, open(selected));
    return use(package);
}

bool PackageStore::is_offline() const {
    return options_.offline || fetcher_.is_offline();
}

Result<std::filesystem::path> PackageStore::path_of(const Selected& selected) const {
    const auto name = object_name(*selected.entry);
    if (!name) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format("{}: the index has no checksum for it", label_of(selected))
        );
    }
    return options_.directory / *name;
}

Result<std::optional<apk::PackageFile>> PackageStore::open_kept(
    const Selected& selected,
    const std::filesystem::path& path,
    DataCheck check,
    std::string& problem
) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        return std::optional<apk::PackageFile>();
    }
    note_use(fd.get());
    auto package = open_checked(std::move(fd), selected, check);
    if (package) {
        return std::optional<apk::PackageFile>(std::move(*package));
    }
    if (package.error().code() == ErrorCode::limit || package.error().code() == ErrorCode::io) {
        return std::move(package).error();  // nothing is wrong with its bytes
    }
    problem = package.error().message();
    ::unlink(path.c_str());
    return std::optional<apk::PackageFile>();
}

Result<apk::PackageFile> PackageStore::open_local(const Selected& selected) const {
    const std::filesystem::path path =
        selected.location.directory() / selected.architecture / selected.entry->file_name();
    auto package = apk::PackageFile::open(path, options_.limits);
    if (!package) {
        return std::move(package).error().context(label_of(selected));
    }
    QUERN_CHECK(check_against_entry(*package, selected));
    return package;
}

Result<apk::PackageFile> PackageStore::open_checked(
    UniqueFd fd, const Selected& selected, DataCheck check
) {
    UniqueFd own(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!own) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", label_of(selected)));
    }
    auto package = apk::PackageFile::open_fd(own.release(), options_.limits);
    if (!package) {
        return std::move(package).error().context(label_of(selected));
    }
    QUERN_CHECK(check_against_entry(*package, selected));
    if (check == DataCheck::while_reading) {
        return package;
    }
    const auto state = FileState::of(fd.get());
    if (!state || !is_known(*state)) {
        QUERN_CHECK(check_data_section(*package, fd.get(), selected));
    }
    note_checked(fd.get());
    return package;
}

bool PackageStore::is_known(const FileState& state) const {
    const std::lock_guard guard(mutex_);
    return checked_.contains(state);
}

Result<fetch::HttpResponse> PackageStore::receive(
    const Selected& selected, int fd, std::uint64_t beginning
) {
    fetch::HttpRequest request{
        .url = selected.location.package_url(selected.architecture, *selected.entry),
        .headers = {},
        .resume_from = beginning,
        .limits = fetcher_.limits()};
    request.limits.body_bytes = download_limit(*selected.entry, request.limits.body_bytes);
    QUERN_TRY(
        fetch::HttpResponse response,
        fetcher_.http().get(
            request,
            [fd](std::string_view bytes) { return write_all(fd, bytes); },
            [fd] { return empty_file(fd); },
            {},
            fetcher_.cancel()
        )
    );
    if (response.status != 200 && !response.is_partial) {
        return Error(
            response.status == 404 ? ErrorCode::not_found : ErrorCode::network,
            fmt::format("{}: the server answers {}", label_of(selected), response.status)
        );
    }
    return response;
}

Result<apk::PackageFile> PackageStore::download(
    const Selected& selected, const std::filesystem::path& path
) {
    const fetch::DownloadPart part(path);
    QUERN_TRY(const UniqueFd fd, part.take());
    while (true) {
        const off_t beginning = ::lseek(fd.get(), 0, SEEK_CUR);
        auto response = receive(selected, fd.get(), static_cast<std::uint64_t>(beginning));
        if (!response) {
            part.leave(fd.get(), response.error());
            return std::move(response).error();
        }
        QUERN_TRY(UniqueFd reading, reopen_for_reading(fd.get()));
        auto package = open_checked(std::move(reading), selected, DataCheck::before);
        if (package) {
            // A torn object is found when it is read, so nothing waits for the disk.
            QUERN_CHECK(give_name(fd.get(), path, {.is_durable = false}));
            note_checked(fd.get());  // again: linking has changed its times
            return package;
        }
        if (!response->is_partial) {
            return package;
        }
        QUERN_CHECK(empty_file(fd.get()));  // the beginning was of another file
    }
}

void PackageStore::note_checked(int fd) {
    if (const auto state = FileState::of(fd)) {
        const std::lock_guard guard(mutex_);
        checked_.insert(*state);
    }
}

Result<std::vector<const Selected*>> PackageStore::missing(
    std::span<const Selected> packages, ThreadPool& pool, DataCheck check
) {
    std::vector<const Selected*> remote;
    for (const Selected& selected : packages) {
        if (selected.location.is_remote()) {
            remote.push_back(&selected);
        }
    }
    std::vector<char> is_kept(remote.size(), 0);
    const auto look = [&](std::size_t i) -> Result<void> {
        QUERN_CHECK(fetcher_.cancel().check());
        QUERN_TRY(const std::filesystem::path path, path_of(*remote[i]));
        std::string problem;
        QUERN_TRY(const auto kept, open_kept(*remote[i], path, check, problem));
        is_kept[i] = kept ? 1 : 0;
        return kept || !is_offline() ? Result<void>() : offline_error(*remote[i], problem);
    };
    QUERN_CHECK(pool.for_each_index(remote.size(), look));
    std::vector<const Selected*> list;
    for (std::size_t i = 0; i < remote.size(); ++i) {
        if (is_kept[i] == 0) {
            list.push_back(remote[i]);
        }
    }
    return list;
}

Result<void> PackageStore::prefetch(
    std::span<const Selected> packages,
    ThreadPool& pool,
    Reporter& reporter,
    const CancelToken& cancel,
    DataCheck check
) {
    QUERN_TRY(const std::vector<const Selected*> wanted, missing(packages, pool, check));
    if (wanted.empty()) {
        return {};
    }
    Activity activity(reporter, "fetching packages");
    std::atomic<std::size_t> done = 0;
    const auto bring = [&](std::size_t i) -> Result<void> {
        QUERN_CHECK(cancel.check());
        QUERN_TRY(const apk::PackageFile package, open(*wanted[i]));
        activity.progress(++done, wanted.size(), "packages");
        return {};
    };
    // Threads of their own: most of their time is waiting for servers.
    ThreadPool downloads(std::min(wanted.size(), options_.parallel_downloads));
    QUERN_CHECK(downloads.for_each_index(wanted.size(), bring));
    activity.outcome(fmt::format("{} packages", wanted.size()));
    if (options_.size_limit != 0) {
        QUERN_TRY(const TrimReport trimmed, trim(options_.directory, options_.size_limit));
        if (trimmed.removed != 0) {
            reporter.note(fmt::format(
                "dropped {} packages of the cache that were not used for long", trimmed.removed
            ));
        }
    }
    return {};
}

}  // namespace quern::repository
