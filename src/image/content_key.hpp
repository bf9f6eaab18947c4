// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/compose.hpp"

#include <string>
#include <vector>

namespace quern::image {

/// SHA-256, as hex, over everything that decides the bytes of what is made from `plan`: this
/// program, the image file's values, the packages by their checksums and their order, keys, files,
/// the base image, dates - and `more`, which names the kind of output. Equal keys mean equal bytes.
/// Errors: not_found, io, invalid_data (a file that the image file names).
Result<std::string> content_key(const ImagePlan& plan, const std::vector<std::string>& more);

}  // namespace quern::image
