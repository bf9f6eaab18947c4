// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/plan.hpp"
#include "tests/support/memory_file_reader.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A recipe compiled from texts in memory, with all that its spans point into.
struct Outcome {
    std::unique_ptr<MemoryFileReader> reader;
    std::unique_ptr<quern::pipeline::Library> library;
    std::unique_ptr<quern::Diagnostics> collector;  ///< holds the files of a refused recipe
    std::optional<quern::recipe::Configuration> loaded;
    std::optional<quern::pipeline::Compiled> compiled;
    std::vector<quern::Diagnostic> diagnostics;

    /// All diagnostics, rendered.
    std::string messages() const;
    /// True if there is a diagnostic with this id.
    bool has(std::string_view id) const;
    const std::vector<quern::pipeline::Step>& steps(std::size_t package = 0) const;
    /// The scripts of all steps of a package without their final newlines.
    std::vector<std::string> scripts(std::size_t package = 0) const;
    /// What the build environment has to hold.
    std::vector<std::string> packages() const;
};

/// Compiles a recipe, which is called recipe.yaml. `definitions` are by name, in the one directory
/// of pipelines.
Outcome compile_text(
    const std::string& recipe,
    const std::map<std::string, std::string>& definitions = {},
    const std::string& architecture = "x86_64"
);

Outcome compile_text(
    const std::string& recipe,
    const std::map<std::string, std::string>& definitions,
    const quern::recipe::LoadOptions& options
);

/// The same for a recipe named demo, 1.2.3-r4, whose text goes on with `rest`.
Outcome compile_demo(
    std::string_view rest,
    const std::map<std::string, std::string>& definitions = {},
    const std::string& architecture = "x86_64"
);
