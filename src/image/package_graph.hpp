// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/repository.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace quern::image {

/// What needs what among chosen packages: for each, the places of those that satisfy its
/// dependencies, in the order in which it names them, each once.
std::vector<std::vector<std::size_t>> needed_by(std::span<const repository::Selected> packages);

/// Places of the packages that satisfy the words of a world, with the word.
std::vector<std::pair<std::string, std::size_t>> asked_for(
    const std::vector<std::string>& world, std::span<const repository::Selected> packages
);

/// A directed graph in Graphviz' language. `spanning_tree`: only the first edge to each package.
std::string to_dot(
    const std::vector<std::string>& world,
    std::span<const repository::Selected> packages,
    bool spanning_tree
);

}  // namespace quern::image
