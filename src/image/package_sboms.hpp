// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/json_text.hpp"
#include "image/root_tree.hpp"
#include "image/spool.hpp"
#include "quern/package_info.hpp"

#include <set>
#include <string>
#include <vector>

namespace quern::image {

/// Collects what the SBOMs that packages bring describe, and puts it in the image's.
/// Source: image-and-resolver 5.8.
class PackageSboms {
 public:
    /// `supplier` stands for those that name none.
    explicit PackageSboms(std::string supplier) : supplier_(std::move(supplier)) {}

    /// Reads var/lib/db/sbom/NAME-VERSION.spdx.json (or without the release, or NAME alone). What
    /// is missing or malformed is passed over: packages come from elsewhere, and an image must not
    /// fail for their papers. Errors: io.
    Result<void> add(const RootTree& tree, const Spool& spool, const apk::PackageInfo& info);
    /// `image_id`: the element that contains what the documents describe.
    void merge_into(Json& document, const std::string& image_id);

 private:
    void add_document(const Json& document);
    void add_package(const Json& package);

    std::string supplier_;
    Json packages_ = Json::array();
    Json relationships_ = Json::array();
    Json licenses_ = Json::array();
    std::vector<std::string> tops_;
    std::set<std::string> known_packages_;
    std::set<std::string> known_licenses_;
};

}  // namespace quern::image
