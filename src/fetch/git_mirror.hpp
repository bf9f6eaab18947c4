// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/git.hpp"
#include "fetch/git_checkout.hpp"

#include <functional>
#include <string>
#include <vector>

namespace quern::fetch {

/// Who is told of a fetch and who may stop it.
struct GitWatch {
    Reporter& reporter;
    const CancelToken& cancel;
};

/// Brings what the request names into its mirror, checks the commit, puts cherry-picks on top and
/// calls `use` with it, while the mirror is open and locked. Errors: as `checkout`, and those of
/// `use`.
Result<void> with_commit(
    const GitRequest& request,
    const GitWatch& watch,
    std::vector<std::string>& warnings,
    const std::function<Result<void>(const ChosenCommit&)>& use
);

}  // namespace quern::fetch
