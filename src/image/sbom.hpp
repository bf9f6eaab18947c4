// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/installer.hpp"
#include "image/oci.hpp"
#include "image/root_tree.hpp"
#include "image/spool.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// What SBOMs of an image are made from.
struct SbomParts {
    const RootTree& tree;
    const Spool& spool;
    const std::vector<Installed>& packages;
    std::string_view image_name;  ///< last part of the repository: "img" of "reg/team/img:1.0"
};

/// SPDX 2.3: the image, its layers, the distribution, and what the packages' own SBOMs (in
/// var/lib/db/sbom) describe. Those that are missing or are none are left out: the CycloneDX one
/// has every package. Errors: io. Source: image-and-resolver 5.8.
Result<std::string> spdx_of_image(const Image& image, const SbomParts& parts);

/// SPDX 2.3 of an index: the images that it names.
std::string spdx_of_index(
    const ImageSet& set, std::string_view image_name, std::string_view vcs_url
);

/// CycloneDX 1.5: every package, with the scripts and triggers that were not run as properties.
/// Source: CycloneDX 1.5 JSON reference.
std::string cyclonedx_of_image(const Image& image, const SbomParts& parts);

}  // namespace quern::image
