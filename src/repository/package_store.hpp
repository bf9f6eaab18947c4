// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/fetcher.hpp"
#include "quern/package_file.hpp"
#include "quern/reporter.hpp"
#include "quern/repository.hpp"
#include "support/cancel.hpp"
#include "support/handle.hpp"
#include "support/thread_pool.hpp"

#include <sys/types.h>

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace quern::repository {

struct StoreOptions {
    std::filesystem::path directory;  ///< content-addressed, shared by processes
    bool offline = false;
    apk::PackageLimits limits = {};
    std::size_t parallel_downloads = 8;  ///< --parallel-downloads
    std::uint64_t size_limit = 0;        ///< bytes; 0: none. Those not used for longest are dropped
};

/// When the data section of an object of the store is checked: a damaged one is found before
/// anything is unpacked, or by `PackageStore::read`, in one pass with the unpacking.
enum class DataCheck { before, while_reading };

/// Packages on this machine, by identity: `<directory>/<hex>.apk`. Files of local repositories are
/// used where they lie; remote ones are downloaded once. Objects appear under their name whole and
/// checked; whoever removes one, at any time, costs a download.
class PackageStore {
 public:
    PackageStore(StoreOptions options, fetch::Fetcher& fetcher);

    /// Opens the package that `selected` names and checks its control section against the index
    /// entry (name, version, identity) and the lock. The data section of an object of the store is
    /// checked here too, and one that is damaged is fetched again; that of a local repository is
    /// checked by who reads it (PackageFile::read_data). Errors: network, not_found,
    /// digest_mismatch (names the link of the chain), invalid_data, limit. Thread safety: all
    /// methods.
    Result<apk::PackageFile> open(const Selected& selected);
    /// The same for who reads all of the data section at once, which checks it: nothing is hashed
    /// twice. An object of the store whose data turn out to be damaged is fetched again, and `use`
    /// is called once more. Errors: those of `open` and of `use`.
    Result<void> read(
        const Selected& selected, const std::function<Result<void>(const apk::PackageFile&)>& use
    );
    /// Brings all of them here, with progress: what is here is checked by `pool`, the rest comes in
    /// parallel downloads.
    Result<void> prefetch(
        std::span<const Selected> packages,
        ThreadPool& pool,
        Reporter& reporter,
        const CancelToken& cancel,
        DataCheck check = DataCheck::before
    );

 private:
    /// Tells one content of a file from every other, as far as a file system can.
    struct FileState {
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = 0;
        std::array<std::int64_t, 4> changed = {};  ///< mtime and ctime, seconds and nanoseconds

        static std::optional<FileState> of(int fd);
        friend auto operator<=>(const FileState&, const FileState&) = default;
    };

    Result<std::filesystem::path> path_of(const Selected& selected) const;
    Result<apk::PackageFile> open_local(const Selected& selected) const;
    /// Nothing if there is none; then `problem` says what was wrong with one that was there.
    Result<std::optional<apk::PackageFile>> open_kept(
        const Selected& selected,
        const std::filesystem::path& path,
        DataCheck check,
        std::string& problem
    );
    /// Reads and checks a whole package, or all but its data section. Takes `fd` over.
    Result<apk::PackageFile> open_checked(UniqueFd fd, const Selected& selected, DataCheck check);
    /// Writes to `fd` at its offset, `beginning`.
    Result<fetch::HttpResponse> receive(const Selected& selected, int fd, std::uint64_t beginning);
    Result<apk::PackageFile> download(const Selected& selected, const std::filesystem::path& path);
    Result<std::vector<const Selected*>> missing(
        std::span<const Selected> packages, ThreadPool& pool, DataCheck check
    );
    bool is_offline() const;
    bool is_known(const FileState& state) const;
    void note_checked(int fd);

    StoreOptions options_;
    fetch::Fetcher& fetcher_;
    mutable std::mutex mutex_;
    std::set<FileState> checked_;
};

}  // namespace quern::repository
