// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/oci.hpp"
#include "quern/error.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace quern::image {

/// Digests of the layers of an image that was made before, by architecture: of their tars, which
/// are the same in every form that an image can have, and of their stored bytes.
using PreviousLayers = std::map<std::string, std::set<std::string>>;

/// Reads the configurations of the image at `path`. An architecture that it does not have has no
/// layers. Errors: not_found (no such image), invalid_data, io; with the path.
Result<PreviousLayers> read_previous_layers(
    const std::filesystem::path& path, const std::vector<std::string>& architectures
);

/// How much of an image whoever has the one before need not get again.
struct LayerReuse {
    std::size_t layers = 0;
    std::size_t reused = 0;
    std::uint64_t bytes = 0;         ///< of all layers as stored
    std::uint64_t reused_bytes = 0;  ///< of those that are reused

    void add(const std::set<std::string>& previous, const Layer& layer);
};

}  // namespace quern::image
