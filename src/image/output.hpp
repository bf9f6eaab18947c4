// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/layer_store.hpp"
#include "image/oci.hpp"
#include "image/reference.hpp"

#include <filesystem>
#include <vector>

namespace quern::image {

/// An OCI layout: index.json is the index itself, written last, so that a reader sees the old
/// images or the new ones. `directory` is made if it is missing. Blobs that are there are kept;
/// `layers` may be of this layout, and is settled.
/// Errors: io, digest_mismatch (a layer of the store is damaged).
/// Source: image-and-resolver 5.6; OCI image-spec 1.1 image-layout.md.
Result<void> write_oci_layout(
    const ImageSet& set, LayerStore& layers, const std::filesystem::path& directory
);

/// The files of `set` in a layout: what `write_oci_layout` left there.
std::vector<std::filesystem::path> layout_files(
    const ImageSet& set, const std::filesystem::path& directory
);

/// The same in a tar; there index.json names the index by the tag, so that one archive can be
/// copied by it. The file appears complete or not at all.
Result<void> write_oci_archive(
    const ImageSet& set,
    const LayerStore& layers,
    const Reference& tag,
    const std::filesystem::path& path
);

/// What `docker load` reads. `is_exact`: a single image has the tag as it is, without its
/// architecture behind it. Source: image-and-resolver 5.6; Docker Image Specification 1.2.
Result<void> write_docker_archive(
    const ImageSet& set,
    const LayerStore& layers,
    const Reference& tag,
    bool is_exact,
    const std::filesystem::path& path
);

}  // namespace quern::image
