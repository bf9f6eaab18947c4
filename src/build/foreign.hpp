// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace quern::build {

/// Why programs of this architecture (apk's name) do not run here, and what makes them run; nothing
/// if they do: natively, or by an emulator that the kernel calls (binfmt_misc). `handlers` is the
/// directory of its file system.
std::optional<Error> cannot_run(
    const std::string& architecture, const std::filesystem::path& handlers
);

}  // namespace quern::build
