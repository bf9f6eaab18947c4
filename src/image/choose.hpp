// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/base.hpp"
#include "image/sources.hpp"
#include "quern/resolver.hpp"

#include <string>
#include <vector>

namespace quern::image {

/// The packages of an image for one architecture.
struct Chosen {
    std::string architecture;                    ///< apk's name
    std::vector<repository::Selected> packages;  ///< in install order
    std::vector<std::string> pinned;             ///< "name=version[@tag]" of each, sorted
    std::vector<std::string> below;              ///< the same of what the base image has
    std::vector<repository::RepositoryIndex> indexes;
};

/// Chooses packages for every architecture, so that each has the same name and version in all of
/// them. What a base image has is in the world, and not among the chosen. Errors: unsatisfiable
/// (the message names the package and where it is missing), those of read_indexes. Source:
/// image-and-resolver 3.8, step 0 and "Two passes".
Result<std::vector<Chosen>> choose_packages(
    const std::vector<std::string>& world,
    const std::vector<std::string>& architectures,
    const Sources& sources,
    const Bases& bases,
    const Services& services
);

/// Puts the packages in the order in which they are installed: the world is what was pinned, and
/// `more`, each by itself. Errors: unsatisfiable.
Result<void> order_pinned(Chosen& chosen, const std::vector<std::string>& more);

/// Errors: usage, with the word.
Result<std::vector<apk::Dependency>> parse_world(const std::vector<std::string>& words);

}  // namespace quern::image
