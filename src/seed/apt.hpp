// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::seed {

/// One package that apt chose.
struct AptPackage {
    std::string name;
    std::string version;
    std::string architecture;
    std::string sha256;  ///< hex, from the signed package lists
    std::uint64_t size_bytes = 0;
};

/// What a private state of apt is for.
struct AptOptions {
    std::filesystem::path directory;  ///< of the state; made if missing
    std::string architecture;         ///< Debian's name
    std::string sources;              ///< deb822 text
    std::vector<std::string>
        installed;  ///< packages that are taken for installed, so that nothing asks for them
};

/// The system's apt with a state, a cache and sources of its own below one directory: nothing of
/// the system is changed and no privilege is needed. The system's own settings (proxies, mirrors'
/// methods) hold, its hooks do not.
class Apt {
 public:
    /// Writes the configuration. Errors: io, invalid_data (a directory whose name apt cannot take).
    static Result<Apt> prepare(const AptOptions& options);

    /// True if package lists for these sources are here.
    bool has_lists() const;
    /// Hex digest of the lists and the sources: same stamp, same choice.
    Result<std::string> stamp() const;
    /// Fetches the package lists. Errors: not_found (no apt), network (apt's own words),
    /// interrupted.
    Result<void> update(const CancelToken& cancel) const;
    /// `names` and all that they depend on (recommended ones are left out), by name. Errors:
    /// unsatisfiable (apt's own words), not_found.
    Result<std::vector<AptPackage>> resolve(
        const std::vector<std::string>& names, const CancelToken& cancel
    ) const;
    /// Puts the files of `packages` in `directory` under apt's names. Errors: network, interrupted.
    Result<void> download(
        const std::vector<AptPackage>& packages,
        const std::filesystem::path& directory,
        Activity& activity,
        const CancelToken& cancel
    ) const;

 private:
    Apt() = default;
    ProcessOptions command(std::vector<std::string> words) const;
    Result<std::string> run(
        std::vector<std::string> words, ErrorCode on_failure, const CancelToken& cancel
    ) const;

    std::filesystem::path directory_;
    std::string sources_;
};

/// "Inst name (version …)" lines of a simulated installation. Others are passed over.
std::vector<AptPackage> parse_simulation(std::string_view output);

}  // namespace quern::seed
