// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "rootfs/guest_tree.hpp"
#include "rootfs/placement.hpp"
#include "support/cancel.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"
#include "unit/apk/test_packages.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::test {

/// A package named `name`, version 1-r0, with those entries; `relations` are further lines of its
/// .PKGINFO.
RawPackage package_of(
    const std::string& name, std::vector<TarPart> parts, const std::string& relations = ""
);

/// A directory with an empty root in it, and a file beside the root that no package may reach.
struct ScratchRoot {
    ScratchRoot();

    /// Unpacks packages in the given order.
    Result<void> unpack(std::vector<RawPackage> packages, std::size_t threads = 1);
    /// The error of `unpack`, which must fail.
    Error refusal(std::vector<RawPackage> packages, std::size_t threads = 1);
    /// Content of a file as the guest sees it; empty if there is none.
    std::string read(std::string_view path) const;
    /// Every path of the root with kind, mode, time and content or target, a line each.
    std::string listing() const;
    /// Names beside the root.
    std::string names_outside() const;
    /// Paths that the database lists for the package with that number.
    std::string listed(std::size_t number);

    TempDir directory;
    FileTree outside;
    FileTree root;
    rootfs::GuestTree tree;
    rootfs::Placement placement;
    CancelToken cancel;
};

}  // namespace quern::test
