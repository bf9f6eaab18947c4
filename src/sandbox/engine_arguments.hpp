// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "support/guest_ids.hpp"

#include <string>
#include <utility>
#include <vector>

namespace quern::sandbox {

/// The words of a command for a container engine, which has variables of its own for every process:
/// a shell takes those away that were not named. With `is_last` nothing that the command started
/// outlives it.
std::vector<std::string> engine_words(const Command& command, bool is_last);

/// Options "--env NAME" and what the engine's own environment has to be for it: a value in an
/// option could be read by every process of this machine. What the engine itself reads is named
/// with its value.
struct EngineVariables {
    std::vector<std::string> options;
    std::vector<std::pair<std::string, std::string>> environment;
};
EngineVariables engine_variables(const Command& command);

/// "--cap-drop=ALL" and what is added to it again.
std::vector<std::string> engine_capabilities(const Command& command);

/// Options of `podman run` for a command in a root that podman sees at `staged.root`.
std::vector<std::string> podman_options(
    const Guest& staged, const Command& command, const GuestIds& ids
);

}  // namespace quern::sandbox
