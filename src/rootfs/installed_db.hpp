// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "rootfs/guest_tree.hpp"
#include "rootfs/stage.hpp"

#include <string>
#include <vector>

namespace quern::rootfs {

/// The text of apk's installed database: a stanza for each package with its files.
/// Source: image-and-resolver 4.4; apk-format 4.
std::string installed_database(const std::vector<InstalledPackage>& packages);

/// Writes usr/lib/apk/db: installed, triggers, scripts.tar, lock; and links lib/apk to it where lib
/// is no link. Errors: io.
Result<void> write_database(const GuestTree& tree, const std::vector<InstalledPackage>& packages);

}  // namespace quern::rootfs
