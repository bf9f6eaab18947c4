// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/extract.hpp"
#include "image/stored_image.hpp"
#include "quern/error.hpp"
#include "support/cancel.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <cstdint>

namespace quern::image {

/// What was put on disk, and what was not.
struct UnpackReport {
    std::uint64_t files = 0;
    std::uint64_t devices = 0;  ///< left out: only the machine's administrator may make them
};

/// Whose files they are, how much may come out, and whether to go on.
struct UnpackOptions {
    GuestIds ids;
    archive::ExtractLimits limits;
    const CancelToken& cancel;
};

/// Puts the layers of an image on each other below `tree` (empty), with owners, all mode bits and
/// times as guests see them. Layers are not trusted: nothing is written outside. Errors:
/// digest_mismatch, invalid_data (a path that leaves, a link to nowhere), limit (the message names
/// the flag), io, interrupted.
Result<UnpackReport> unpack_image(
    const StoredImage& image, const FileTree& tree, const UnpackOptions& options
);

}  // namespace quern::image
