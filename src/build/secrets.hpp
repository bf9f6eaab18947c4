// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/plan.hpp"
#include "quern/reporter.hpp"
#include "quern/sandbox.hpp"
#include "support/guest_ids.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace quern::build {

/// Where a step finds a secret that it names, as a file of that name.
inline constexpr std::string_view secrets_in_guest = "/run/secrets";

/// Secrets that a step names: those whose path stands in its script or its variables, sorted. No
/// key of the recipe is needed for it, so that the recipe stays one for every builder.
std::vector<std::string> named_secrets(const pipeline::Step& step);

/// What `--secret` gave, by name. Values are never part of a variable, a key or a message.
using SecretFiles = std::map<std::string, std::filesystem::path>;

/// The secrets of one step as files that its user can read, in a directory that goes away with this
/// object.
class StepSecrets {
 public:
    /// Names that were not given are passed over with a warning. Errors: not_found, io, limit (over
    /// 1 MiB).
    static Result<StepSecrets> open(
        const std::vector<std::string>& names,
        const SecretFiles& given,
        const std::filesystem::path& scratch,
        std::uint32_t owner_on_disk,
        Reporter& reporter
    );
    StepSecrets(StepSecrets&& other) noexcept;
    StepSecrets& operator=(StepSecrets&&) = delete;
    ~StepSecrets();

    const std::vector<sandbox::Mount>& mounts() const { return mounts_; }
    /// Texts that must not be printed: each line of each secret that is long enough to mean
    /// anything.
    const std::vector<std::string>& hidden() const { return hidden_; }

 private:
    StepSecrets() = default;
    std::filesystem::path directory_;  ///< empty: nothing was made
    std::vector<sandbox::Mount> mounts_;
    std::vector<std::string> hidden_;
};

}  // namespace quern::build
