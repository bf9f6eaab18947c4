// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "image/choose.hpp"
#include "image/layer_store.hpp"
#include "image/oci.hpp"
#include "image/sources.hpp"
#include "quern/image.hpp"
#include "repository/lock_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quern::image {

/// What a build is asked for beside the image file.
struct ComposeOptions {
    std::vector<std::string> architectures;  ///< apk's names, in byte order of OCI's
    Additions additions;
    std::int64_t build_date = 0;                       ///< --build-date
    std::optional<std::int64_t> source_date_epoch;     ///< wins over every other date
    std::string image_name = "image";                  ///< for SBOMs
    std::vector<std::string> sbom_formats = {"spdx"};  ///< empty: none; also "cyclonedx"
    std::string vcs_url;
    const repository::LockFile* lock = nullptr;  ///< packages are exactly these, nothing is chosen
};

/// An image whose packages are chosen, and of which no package is read yet. Views its specification
/// and its options.
struct ImagePlan {
    const Specification* specification = nullptr;
    const ComposeOptions* options = nullptr;
    Sources sources;
    Bases bases;
    std::vector<Chosen> chosen;  ///< in install order
};

/// Reads keys, the base image, and the lock or else the indexes. Errors: those of choosing.
Result<ImagePlan> plan_image(
    const Specification& specification, const ComposeOptions& options, const Services& services
);
/// The same for a plain root file system, where nothing is pinned.
Result<ImagePlan> plan_root(
    const Specification& specification, const ComposeOptions& options, const Services& services
);

/// From a plan to images whose layers lie in `layers`. The bytes depend on the values of the plan
/// and on the content of its packages, on nothing else. Errors: those of every step, with what was
/// being done.
Result<ImageSet> compose(ImagePlan plan, LayerStore& layers, const Services& services);

/// One architecture's root file system as a plain tar written to `sink`.
Result<void> compose_root_tar(ImagePlan plan, const Services& services, archive::ByteSink& sink);

}  // namespace quern::image
