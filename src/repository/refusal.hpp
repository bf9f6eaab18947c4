// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/resolver.hpp"
#include "repository/contradiction.hpp"
#include "repository/package_pool.hpp"

#include <string>
#include <vector>

namespace quern::repository {

/// A contradiction in words: the way from the world to what does not fit, and why each candidate is
/// out. `pool` is not const because dependencies are parsed when they are asked for.
Refusal make_refusal(PackagePool& pool, const Contradiction& contradiction);

/// Why `id` does not do what `relation` asks for, where it has the name or provides it. In words.
Reason reason_against(const PackagePool& pool, PackageId id, const Relation& relation);

/// What the user may have meant by a name that nothing has; empty if nothing is near.
std::string help_for(const PackagePool& pool, std::string_view name);

}  // namespace quern::repository
