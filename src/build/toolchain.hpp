// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/repository.hpp"
#include "support/file_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::build {

/// "cc", "g++-12", "x86_64-linux-gnu-gcc", "clang++-18": what a compiler cache can stand in front
/// of.
bool is_compiler(std::string_view program);

/// A line for each package that compilers, assemblers and linkers of an environment are made of,
/// with its checksum; of all packages where nothing says who has the compilers.
std::string toolchain_of(const std::vector<repository::Selected>& packages);

/// Compilers among the programs of a root tree, sorted.
Result<std::vector<std::string>> compilers_of(const FileTree& root);

}  // namespace quern::build
