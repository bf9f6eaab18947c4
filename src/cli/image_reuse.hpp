// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/reuse.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace quern::cli {

/// `--previous`: how much of the images of `note` (what `image build` noted of them) whoever has
/// the image before need not get again: {image, images: [{architecture, layers, reused, bytes,
/// reused_bytes}]}.
nlohmann::ordered_json reuse_report(
    const nlohmann::ordered_json& note,
    const image::PreviousLayers& previous,
    const std::string& image
);
/// The same, a line for each architecture.
std::string reuse_text(const nlohmann::ordered_json& report);

}  // namespace quern::cli
