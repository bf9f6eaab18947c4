// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/dependency.hpp"
#include "quern/error.hpp"
#include "quern/repository.hpp"

#include <chrono>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace quern::repository {

/// The packages that a world needs, each after what it depends on (install order).
struct Resolution {
    std::vector<Selected> packages;
    bool used_search =
        false;  ///< the greedy walk had no sound answer; a complete search found this one
    /// With `used_search`: why the first choice does not hold together, and what stands in its
    /// place. One sentence each.
    std::vector<std::string> notes;
};

/// One step of an argument: for programs a rule and what it is about, for people a sentence.
struct Reason {
    /// needs, nothing-provides, does-not-satisfy, other-repository, not-for-architecture, excluded,
    /// conflict, one-version, one-provider; more (the rest is too long to be told).
    std::string rule;
    std::vector<std::string> packages;  ///< "name-version"; none: the world
    std::string relation;               ///< as written; may be empty
    std::string text;
};

/// A proof that no set of packages fits, from the world to what is missing. No reason can be left
/// out.
struct Refusal {
    std::vector<Reason> reasons;
    std::string help;  ///< names a near package or a provider; may be empty
};

struct ResolveOptions {
    std::chrono::milliseconds time_limit{10'000};
    /// Indexes of other architectures, grouped by their `architecture`: a package is chosen only if
    /// each of these has it in the same version, so that an image for several holds the same on
    /// all.
    std::span<const RepositoryIndex> peers;
};

/// A world as a user writes it, one relation a text. Errors: invalid_data (the message has the
/// text).
Result<std::vector<apk::Dependency>> parse_world(std::span<const std::string> texts);

/// Chooses packages for `world` from `indexes` (earlier repositories are preferred among equals),
/// or proves that there is no choice. Deterministic: depends on the arguments' values only. The
/// result is sound: every dependency of every member is satisfied within, no member is in conflict.
/// Errors: limit (time). Source: image-and-resolver 3.8.
Result<std::variant<Resolution, Refusal>> decide(
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options = {}
);

/// As `decide`; a refusal is an error. Errors: unsatisfiable (the message has the reasons, one a
/// line), limit (time).
Result<Resolution> resolve(
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options = {}
);
Error to_error(const Refusal& refusal);

}  // namespace quern::repository
