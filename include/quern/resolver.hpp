// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/dependency.hpp"
#include "quern/error.hpp"
#include "quern/repository.hpp"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace quern::repository {

/// The packages that a world needs, each after what it depends on (install order).
struct Resolution {
    std::vector<Selected> packages;
    bool used_search =
        false;  ///< the greedy walk had no sound answer; a complete search found this one
};

struct ResolveOptions {
    std::chrono::milliseconds time_limit{10'000};
};

/// Chooses packages for `world` from `indexes` (earlier repositories are preferred among equals).
/// Deterministic: depends on the arguments' values only. The result is sound: every dependency of
/// every member is satisfied within, no member is in conflict. Errors: unsatisfiable (the message
/// is the shortest chain of reasons, one a line; `help` names a near package or a provider), limit
/// (time). Source: image-and-resolver 3.8.
Result<Resolution> resolve(
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options = {}
);

/// Why `name` is in the result and which candidates lost by which rule; one line each.
Result<std::vector<std::string>> explain(
    std::string_view name,
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const Resolution& resolution
);

}  // namespace quern::repository
