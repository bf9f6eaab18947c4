// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// What loading a recipe from memory gave.
struct Loaded {
    std::optional<quern::recipe::Configuration> configuration;
    std::vector<std::string> ids;  ///< of the diagnostics, in their order
    std::vector<std::string> messages;
    std::vector<std::uint32_t> lines;  ///< of their places; 0 without one
    const quern::recipe::Configuration& operator*() const { return *configuration; }
    const quern::recipe::Configuration* operator->() const { return &*configuration; }
};

/// Loads `text` as "recipe.yaml" among `files`.
Loaded load_text(
    const std::string& text,
    const quern::recipe::LoadOptions& options = {},
    const std::map<std::string, std::string>& files = {}
);

/// The same behind a package demo 1.2.3-r4.
Loaded load_demo(
    const std::string& rest,
    const quern::recipe::LoadOptions& options = {},
    const std::map<std::string, std::string>& files = {}
);

/// The values of a list of texts.
std::vector<std::string> values(const std::vector<quern::recipe::Text>& list);
