// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace quern::image {

/// Where the programs of busybox usually are: "/bin/sh", "/usr/bin/awk"…, for packages that do not
/// say it themselves.
std::vector<std::string> usual_busybox_paths();

}  // namespace quern::image
