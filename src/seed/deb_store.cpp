// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/deb_store.hpp"

#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <cerrno>
#include <set>
#include <string>
#include <system_error>

namespace quern::seed {

namespace fs = std::filesystem;

fs::path DebStore::path_of(const AptPackage& package) const {
    return directory_ / (package.sha256 + ".deb");
}

Result<std::vector<AptPackage>> DebStore::missing(const std::vector<AptPackage>& packages) const {
    std::vector<AptPackage> result;
    for (const AptPackage& package : packages) {
        std::error_code failure;
        if (fs::file_size(path_of(package), failure) != package.size_bytes || failure) {
            result.push_back(package);
        }
    }
    return result;
}

namespace {

Result<std::string> digest_of_file(const fs::path& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return Error::system(errno, fmt::format("opening {}", path.string()));
    }
    QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, file.get()));
    return digest.hex();
}

}  // namespace

Result<void> DebStore::fetch(
    const std::vector<AptPackage>& packages,
    const Apt& apt,
    ThreadPool& pool,
    Reporter& reporter,
    const CancelToken& cancel
) const {
    QUERN_TRY(const TempDir incoming, TempDir::create(directory_, ".incoming-"));
    {
        Activity activity(reporter, "downloading Debian packages");
        QUERN_CHECK(apt.download(packages, incoming.path(), activity, cancel));
        activity.outcome("done");
    }
    std::vector<fs::path> files;
    std::error_code failure;
    for (fs::directory_iterator at(incoming.path(), failure), end; !failure && at != end;
         at.increment(failure)) {
        files.push_back(at->path());
    }
    std::set<std::string> wanted;
    for (const AptPackage& package : packages) {
        wanted.insert(package.sha256);
    }
    QUERN_CHECK(pool.for_each_index(files.size(), [&](std::size_t i) -> Result<void> {
        QUERN_TRY(const std::string digest, digest_of_file(files[i]));
        if (!wanted.contains(digest)) {
            return Error(
                ErrorCode::digest_mismatch,
                fmt::format(
                    "{} is not the file that apt's lists promise", files[i].filename().string()
                )
            );
        }
        std::error_code problem;
        fs::rename(files[i], directory_ / (digest + ".deb"), problem);
        return problem
                   ? Result<void>(Error::system(problem.value(), "keeping a downloaded package"))
                   : Result<void>();
    }));
    QUERN_TRY(const std::vector<AptPackage> still_missing, missing(packages));
    if (!still_missing.empty()) {
        return Error(
            ErrorCode::network, fmt::format("apt did not bring {}", still_missing.front().name)
        );
    }
    return {};
}

}  // namespace quern::seed
