// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/installer.hpp"
#include "image/root_tree.hpp"
#include "image/spool.hpp"

#include <map>
#include <string>
#include <vector>

namespace quern::image {

/// Writes the tree that s6-svscan supervises: /sv/NAME/run for each service. Errors: as RootTree's.
/// Source: image-and-resolver 5.7.
Result<void> write_services(RootTree& tree, const std::map<std::string, std::string>& services);

/// Links the names of busybox' programs to it, which its package leaves to a script. The names are
/// those that its package lists in etc/busybox-paths.d, else the usual ones. What is there stays.
/// Source: image-and-resolver 4.5.
Result<void> link_busybox(
    RootTree& tree, const Spool& spool, const std::vector<Installed>& packages
);

}  // namespace quern::image
