// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/root_tree.hpp"
#include "quern/image.hpp"

#include <vector>

namespace quern::image {

/// Applies `paths` in order. Errors: not_found, invalid_data, with the path.
/// Source: image-and-resolver 5.3.
Result<void> change_paths(RootTree& tree, const std::vector<PathMutation>& paths);

}  // namespace quern::image
