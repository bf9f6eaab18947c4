// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/image.hpp"
#include "yaml/fields.hpp"

namespace quern::image {

/// Reads one image file by its tables and judges every value at its place: "bad-image".
bool read_value(const yaml::Node& node, Specification& value, yaml::Reader& reader);

}  // namespace quern::image
