// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/adb_index.hpp"
#include "apk/index_draft.hpp"
#include "quern/error.hpp"
#include "quern/index.hpp"
#include "quern/keyring.hpp"
#include "support/handle.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace quern::repository {

/// Reads an index of ours. One that others signed, or nobody, is taken as it is; one that claims to
/// be signed by `key` and is not is refused: to sign it again would make it true. Errors:
/// signature, invalid_data, limit.
Result<apk::IndexDraft> read_own_index(
    std::string bytes, const apk::Signer* key, const apk::IndexLimits& limits = {}
);

/// The same for an index of apk 3. Errors: as there; io, not_found.
Result<apk::AdbIndexFile> read_own_v3_index(
    const std::filesystem::path& path, const apk::Signer* key, const apk::IndexLimits& limits
);

/// The directory of a repository that holds the packages and the index of one architecture, locked
/// for one writer. Everything that is not meant for readers lies beside it, not in it.
class ArchDirectory {
 public:
    /// `directory` must exist; links in it are followed once, here. Removes what a killed writer
    /// left. Errors: io, not_found, interrupted.
    static Result<ArchDirectory> lock(const std::filesystem::path& directory);

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path index_path() const { return path_ / "APKINDEX.tar.gz"; }
    /// Scratch beside it, on the same file system: `.quern-<name>.<purpose>`.
    std::filesystem::path beside(std::string_view purpose) const;

    /// The published index; an empty one if there is none. With `key`, a signature that claims to
    /// be by it must be right.
    Result<apk::IndexDraft> read_index(const apk::Signer* key) const;
    /// Replaces the index at once, and then Packages.adb if it lies there and names packages of
    /// version 2 alone: apk 3 would look for files that are gone.
    Result<void> write_index(const apk::IndexDraft& index, const apk::Signer* key) const;
    /// The same in a successor, which nobody sees yet.
    Result<void> write_index_to(
        const std::filesystem::path& successor, const apk::IndexDraft& index, const apk::Signer* key
    ) const;

    /// Replaces one file that is for readers at once; a kill leaves nothing in the directory.
    Result<void> replace(const std::string& name, std::string_view bytes) const;

    /// A directory beside it with hard links to everything in it, mode and owner too. What stands
    /// there is what `exchange` makes visible.
    Result<std::filesystem::path> make_successor() const;
    /// Lets the successor and this directory change places at one instant. False if the file system
    /// cannot.
    Result<bool> exchange(const std::filesystem::path& successor) const;

 private:
    ArchDirectory(std::filesystem::path path, UniqueFd lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}
    /// The bytes of Packages.adb; nothing if there is none to be kept in step.
    Result<std::optional<std::string>> v3_view(const apk::IndexDraft& index, const apk::Signer* key)
        const;

    std::filesystem::path path_;
    UniqueFd lock_;
};

}  // namespace quern::repository
