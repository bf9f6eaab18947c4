// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace quern::repository {

/// What pruning does to an index.
struct Pruning {
    std::set<std::string> dropped;    ///< file names
    std::vector<std::string> spared;  ///< superseded, but needed: one sentence each
};

/// Drops all but the newest `keep` versions of each name from an index in its order (names, then
/// versions). A superseded version stays if something that stays needs it and nothing else that
/// stays will do: a client could install that package before. Errors: those of IndexTable::of.
Result<Pruning> prune(const apk::Index& index, std::size_t keep);

}  // namespace quern::repository
