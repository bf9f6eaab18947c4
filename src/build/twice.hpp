// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/compare.hpp"
#include "quern/build.hpp"

#include <string>
#include <vector>

namespace quern::build {

/// What two builds of one recipe made of a package.
struct TwicePackage {
    std::string name;              ///< "hello-2.12-r0"
    bool is_identical = false;     ///< byte by byte
    package::Comparison leaked{};  ///< what differs; may be empty where only the packing does
};

struct TwiceReport {
    BuildReport build;  ///< with the packages where they are published; none if any differs
    std::vector<TwicePackage> packages;

    bool is_reproducible() const;
};

/// What the second build of `build_twice` has otherwise, for people.
inline constexpr const char* varied_in_second_build =
    "time, host name, processors, locale, time zone, umask of quern, path and order of the "
    "workspace's files";

/// Builds a recipe twice from nothing, the second time in other circumstances, and compares the
/// packages. Publishes those of the first build if all are the same, else nothing. Errors: as
/// `build`.
Result<TwiceReport> build_twice(const BuildOptions& options, const Services& services);

}  // namespace quern::build
