// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/layer_store.hpp"
#include "image/oci.hpp"
#include "image/registry.hpp"
#include "image/sources.hpp"

#include <string>
#include <vector>

namespace quern::image {

struct PublishOptions {
    RegistryOptions registry;
    std::string mount_from;  ///< repository of the registry that may have the layers
};

/// Pushes layers and configurations (in parallel), then the images by digest, then the index by
/// digest to every repository; when all of that is there, the tags. Nothing is moved before all
/// that it names is there. Gives "repository@digest" of each image, then of the index, for the
/// first tag. Errors: network, digest_mismatch, interrupted.
Result<std::vector<std::string>> publish(
    const ImageSet& set,
    const LayerStore& layers,
    const std::vector<Reference>& tags,
    const PublishOptions& options,
    const Services& services
);

}  // namespace quern::image
