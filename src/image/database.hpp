// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/installer.hpp"
#include "image/root_tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// Where apk's database lies in an image.
constexpr std::string_view database_path = "usr/lib/apk/db";

/// One package's record of the installed database, the empty line behind it too.
/// Not rootfs' text: what images carry has another order of fields and of files, and is compared
/// byte by byte by those who bring their image files. Source: image-and-resolver 4.4.
std::string installed_record(const Installed& package);

/// The database of all packages behind `before`, which a base image brings: installed, triggers,
/// scripts.tar (dated `timestamp`), and lib/apk, the link to it. Errors: as RootTree's.
Result<void> write_database(
    RootTree& tree,
    const std::vector<Installed>& packages,
    const std::string& before,
    std::int64_t timestamp
);

/// The directories, empty files and devices that every image has before packages come.
/// Source: image-and-resolver 4.1.
Result<void> write_skeleton(RootTree& tree, const std::string& architecture);

/// Devices again, where a package replaced or removed one.
Result<void> write_devices(RootTree& tree);

/// The records of an installed database without their files, as an index has them: lines of files
/// repeat their letters. Source: image-and-resolver 4.4.
std::string without_files(std::string_view database);

}  // namespace quern::image
