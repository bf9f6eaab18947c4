// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/resolver.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// One link of the chain from the world to a package.
struct ChainLink {
    std::string needed_by;  ///< "name-version"; empty: the world
    std::string relation;   ///< as written
    std::string package;    ///< what meets it, "name-version"
};

/// A candidate that was not taken.
struct Rival {
    std::string package;  ///< "name-version"
    Location location;
    std::string rule;  ///< of Reason, or by what it lost: package-version, provider-priority, ...
    std::string text;  ///< without the package
};

/// A member of the result that has the name or stands for it.
struct ExplainedMember {
    Selected package;
    std::vector<ChainLink> chain;       ///< the shortest; empty: it came by install_if
    std::vector<std::string> triggers;  ///< its install_if, where it came by that
    std::vector<Rival> rivals;
};

struct Explanation {
    std::vector<ExplainedMember> members;  ///< none: the name is not in the result
    /// Without members: who has the name or provides it, and why each is not there.
    std::vector<Rival> absent;
    /// Without members: why the name could not be added to the world; nothing if it could.
    std::optional<Refusal> obstacle;
    std::string help;                ///< a near name, if nothing has this one; may be empty
    std::vector<std::string> notes;  ///< of the Resolution
};

/// Why `name` (of a package or provided) is in the result for `world`, or why it is not. Errors: as
/// `resolve`.
Result<Explanation> explain(
    std::string_view name,
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options = {}
);

}  // namespace quern::repository
