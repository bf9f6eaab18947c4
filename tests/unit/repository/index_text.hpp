// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/resolver.hpp"

#include <string>
#include <vector>

namespace quern::test {

/// Indexes from short texts: "a 1 D:b c; b 1 p:v=1 k:10 i:x" with packages apart by ';' and
/// repositories by '|', which may begin with "@tag".
std::vector<repository::RepositoryIndex> indexes_of(const std::string& text);

/// "a b>=2" as a world.
std::vector<apk::Dependency> world_of(const std::string& text);

/// "d-1 c-1" or "error: …".
std::string resolved(const std::string& text, const std::string& world);

}  // namespace quern::test
