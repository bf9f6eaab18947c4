// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "seed/package_tree.hpp"

#include <set>
#include <string>
#include <string_view>

namespace quern::seed {

/// What a package provides by its files, so that packages which are built against it install from
/// it: `so:SONAME=V` for shared libraries directly in usr/lib and usr/lib/`multiarch` (V is what
/// follows ".so." if that is a version, else 0), `cmd:NAME=version` for what anyone may run in
/// usr/bin and usr/sbin, `pc:NAME=version` for pkg-config files. Source:
/// recipe-and-build 8.2, 8.4, 8.6.
Result<std::set<std::string>> computed_names(
    PackageTree& tree, std::string_view version, std::string_view multiarch
);

}  // namespace quern::seed
