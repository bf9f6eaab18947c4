// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/installer.hpp"
#include "image/root_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quern::image {

/// Packages (places in a list) that share a layer, by name.
using PackageGroup = std::vector<std::size_t>;

/// Groups packages by origin, the heaviest first, and joins the last ones so that there are at most
/// `budget` groups; one at least. Packages that may replace each other stay together.
/// Source: image-and-resolver 5.5.
std::vector<PackageGroup> group_by_origin(
    const std::vector<Installed>& packages, std::uint32_t budget
);

/// One member of a layer. The inode lives in the tree that was planned.
struct LayerEntry {
    std::string path;
    const Inode* inode = nullptr;
    std::string link_path;  ///< written as a hard link to it
    std::int64_t mtime = 0;
    std::string text;  ///< in place of what the inode holds
    bool has_text = false;
};

using LayerPlan = std::vector<LayerEntry>;

/// What goes into which layer: one for each group, then the top with all directories and with what
/// no package brought. Without groups: one layer of everything. In the order of a layer: names of a
/// directory in byte order, all below a directory behind it.
std::vector<LayerPlan> plan_layers(
    const RootTree& tree,
    const std::vector<Installed>& packages,
    const std::vector<PackageGroup>& groups
);

}  // namespace quern::image
