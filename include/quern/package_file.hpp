// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/keyring.hpp"
#include "quern/package_info.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::archive {
struct TarEntry;
class TarReader;
}  // namespace quern::archive

namespace quern {
class CancelToken;
}

namespace quern::apk {

/// Bounds on a package that is read; each has a flag: --max-package-control-bytes and so on.
struct PackageLimits {
    std::uint64_t control_bytes = std::uint64_t{10} << 20U;  ///< inflated
    std::uint64_t data_bytes = std::uint64_t{64} << 30U;     ///< inflated
    std::uint64_t entries = 4'000'000;
    /// Ends reading with ErrorCode::interrupted once a stop was requested; outlives the package.
    const CancelToken* cancel = nullptr;
};

/// The head of an `.apk`: all up to its data section. Version 3 is told in the terms of version 2.
struct PackageHead {
    std::vector<Signature> signatures;
    std::string signature_bytes;  ///< the signature section, compressed; empty if there is none
    std::string control_bytes;    ///< the control section, compressed, as it is; none in version 3
    std::string
        checksum;  ///< "Q1" + base64 of SHA-1 over control_bytes: the identity of the package
    PackageInfo info;
    std::map<std::string, std::string>
        control_files;               ///< ".PKGINFO", ".melange.yaml", ".post-install"… by name
    std::int64_t control_mtime = 0;  ///< of .PKGINFO's entry, Unix seconds
    std::uint64_t data_offset = 0;   ///< of the data section in the file
    std::uint64_t file_size = 0;
};

/// One opened package. Reading never writes to disk.
class PackageFile {
 public:
    /// Reads signature and control sections only; neither signature nor data are checked. Packages
    /// without datahash are refused. Errors: not_found, io, invalid_data, limit.
    static Result<PackageFile> open(
        const std::filesystem::path& path, const PackageLimits& limits = {}
    );
    static Result<PackageFile> open_fd(
        int fd, const PackageLimits& limits = {}
    );  ///< takes the descriptor over
    PackageFile(PackageFile&&) noexcept;
    PackageFile& operator=(PackageFile&&) noexcept;
    PackageFile(const PackageFile&) = delete;
    PackageFile& operator=(const PackageFile&) = delete;
    ~PackageFile();

    const PackageHead& head() const;
    const PackageInfo& info() const { return head().info; }
    const PackageLimits& limits() const;  ///< those that it was opened with

    /// Checks the package's own signature. Gives the name of the key. Errors: signature.
    Result<std::string> verify_signature(const Keyring& keyring) const;

    /// Called for each entry of the data section in order; read its content from the reader.
    using Visitor =
        std::function<Result<void>(const archive::TarEntry& entry, archive::TarReader& content)>;
    /// Reads the data section once. Afterwards has checked: datahash, one member, nothing behind
    /// it, the checksum record of every file (whether `visit` read its content or not) and symbolic
    /// link. The reader gives an error in place of a file's last bytes if the content does not
    /// match. `visit` is given paths that are confined (is_confined_path), each once, none below
    /// something that is not a directory; the target of a hard link is an earlier file. Entries at
    /// the root that begin with '.' are given too, though apk installs none of them. What was
    /// visited must not be trusted before this returns success. Errors: digest_mismatch (names the
    /// file or the section), invalid_data, limit, what `visit` gives.
    Result<void> read_data(const Visitor& visit) const;
    /// `read_data` with nothing to do: the whole hash chain below the signature.
    Result<void> verify_data() const;

 private:
    struct State;
    explicit PackageFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace quern::apk
