// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/workspace.hpp"
#include "fetch/fetcher.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace quern::build {

/// What steps took that name no digest and no commit: SHA-256 of a file, or the commit, hex.
using TakenSources = std::map<const pipeline::Step*, std::string>;

/// Where native steps write: the workspace, or the guest's root for working directories outside of
/// /home/build.
struct SourceContext {
    const Workspace& workspace;
    const std::filesystem::path& guest_root;
    std::int64_t source_date = 0;
    TakenSources* taken = nullptr;  ///< filled if given
};

/// What a `fetch` step asks for, within `limits`. Errors: step_failed (no checksum, or one that is
/// none).
Result<fetch::FetchRequest> fetch_request(
    const pipeline::Step& step, const fetch::HttpLimits& limits
);

/// Does a `fetch` or `git-checkout` step on the host as data: nothing of what comes is run, all of
/// it is confined to the step's working directory. Errors: digest_mismatch, network, not_found,
/// invalid_data, limit, step_failed (inputs that make no sense), interrupted. Source:
/// recipe-and-build 5.1.
Result<void> run_native_step(
    const pipeline::Step& step, const SourceContext& context, const Services& services
);

}  // namespace quern::build
