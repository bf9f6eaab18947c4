// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace quern::sandbox {

/// A call of docker's own client: it knows where the engine is and how to get in.
ProcessOptions docker_call(
    std::vector<std::string> words,
    const std::vector<std::pair<std::string, std::string>>& variables = {}
);

/// Runs it to its end and gives its output. `input` (-1: none) is read by it. Errors: sandbox, with
/// what the client complained of.
Result<std::string> call_docker(
    std::vector<std::string> words, const CancelToken& cancel, int input = -1
);

/// The same with the output in a file below `scratch`, rewound.
Result<UniqueFd> call_docker_for_file(
    std::vector<std::string> words, const std::filesystem::path& scratch, const CancelToken& cancel
);

}  // namespace quern::sandbox
