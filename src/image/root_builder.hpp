// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/accounts.hpp"
#include "image/installer.hpp"
#include "image/root_tree.hpp"
#include "image/sources.hpp"
#include "image/spool.hpp"
#include "quern/image.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quern::image {

/// All that decides what the root file system of an image holds.
struct RootDescription {
    Specification specification;  ///< packages pinned; run_as is replaced by its number
    std::string architecture;
    std::vector<repository::Selected> packages;  ///< in install order
    std::vector<std::string> world;
    std::vector<std::string> repositories;    ///< etc/apk/repositories
    std::map<std::string, std::string> keys;  ///< etc/apk/keys: file name → PEM
    std::int64_t build_date = 0;              ///< date of scripts in the database
    std::optional<std::int64_t> source_date_epoch;
    std::string base_database;  ///< installed database of the image below
    bool stands_on_base = false;
};

/// A root file system in memory, its bulk in a spool.
struct ImageRoot {
    std::unique_ptr<Spool> spool;
    RootTree tree;
    std::vector<Installed> packages;
    AccountNames names;
    std::string run_as;        ///< as the specification says, a number where the name is known
    std::int64_t created = 0;  ///< Unix seconds
};

/// Installs the packages and does what their scripts would have done. Runs nothing. Errors:
/// digest_mismatch, invalid_data, io, network, interrupted. Source: image-and-resolver 4, 5.
Result<ImageRoot> build_root(const RootDescription& description, const Services& services);

}  // namespace quern::image
