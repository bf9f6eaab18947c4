// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/output.hpp"
#include "package/scan/scan.hpp"
#include "quern/package_info.hpp"

#include <map>
#include <string>
#include <vector>

namespace quern::build {

/// How the files of an output are scanned.
package::ScanOptions scan_options(const Output& output, const recipe::Package& main);
/// `.PKGINFO` of an output, without size and datahash: what the recipe declares and what the scan
/// generated. Source: recipe-and-build 7.2.
apk::PackageInfo package_info(
    const Output& output,
    const recipe::Package& main,
    const BuildOptions& options,
    const package::ScanResult& scan
);
/// The rest of the control section: scripts, trigger, `.melange.yaml`. Where nobody vouched for the
/// packages of the environment (--ignore-signatures), a comment in the latter says so. Variables of
/// env files are not in it. Source: recipe-and-build 7.5.
std::map<std::string, std::string> control_files(
    const Output& output, const recipe::Configuration& configuration, const BuildOptions& options
);
/// `security.capability` values by path below the package's root. Source: recipe-and-build 2.2,
/// "Capability".
std::map<std::string, std::string> file_capabilities(
    const std::vector<recipe::FileCapability>& setcap
);

}  // namespace quern::build
