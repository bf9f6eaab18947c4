// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "image/choose.hpp"
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

/// From an image file to images whose layers lie in the store. The bytes depend on the arguments'
/// values and on what the repositories hold, on nothing else. Errors: those of every step, with
/// what was being done.
Result<ImageSet> compose(
    const Specification& specification, const ComposeOptions& options, const Services& services
);

/// One architecture's root file system as a plain tar written to `sink`; nothing is pinned.
Result<void> compose_root_tar(
    const Specification& specification,
    const ComposeOptions& options,
    const Services& services,
    archive::ByteSink& sink
);

}  // namespace quern::image
