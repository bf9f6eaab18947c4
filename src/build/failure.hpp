// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/execute.hpp"
#include "quern/plan.hpp"
#include "quern/repository.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {
struct ExitStatus;
}

namespace quern::build {

/// A line of help where a step with a bound on memory complains of having none; else empty.
std::string memory_hint(std::string_view output, const sandbox::Limits& limits);

/// A line of help where a step could not give a file to somebody else because guests have a single
/// id here; else empty.
std::string ownership_hint(std::string_view output, bool has_single_id);

/// The error of a step that failed: its place in the recipe, the line of its script, its last
/// lines, the packages that have a program which was not found, and what to do next.
Error step_failure(
    const pipeline::Step& step, const ExecuteContext& context, const ExitStatus& status
);

/// "recipe.yaml:12", or empty: where the recipe asks for the step.
std::string place_of(const pipeline::Step& step);

/// Programs that shells and `env` said were not found, in the order of `lines`, each once.
std::vector<std::string> missing_programs(std::string_view lines);

/// Names of packages whose entry provides `cmd:<program>`, sorted, at most `limit`.
std::vector<std::string> packages_with(
    std::string_view program,
    std::span<const repository::RepositoryIndex> indexes,
    std::size_t limit
);

}  // namespace quern::build
