// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/reuse.hpp"

#include "image/json_text.hpp"
#include "image/stored_image.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::image {
namespace {

/// Source: OCI image-spec 1.1 config.md, "rootfs".
std::set<std::string> diff_ids(const std::string& config) {
    std::set<std::string> found;
    const Json json = Json::parse(config, nullptr, false);
    const Json rootfs = json.is_object() ? json.value("rootfs", Json()) : Json();
    const Json list = rootfs.is_object() ? rootfs.value("diff_ids", Json()) : Json();
    for (const Json& each : list.is_array() ? list : Json::array()) {
        if (each.is_string()) {
            found.insert(each.get<std::string>());
        }
    }
    return found;
}

}  // namespace

Result<PreviousLayers> read_previous_layers(
    const std::filesystem::path& path, const std::vector<std::string>& architectures
) {
    std::error_code failure;
    const std::string shown = fmt::format("the previous image {}", printable(path.string()));
    if (!std::filesystem::exists(path, failure)) {
        return Error(ErrorCode::not_found, shown + " is not there")
            .help("leave --previous out where there is none yet");
    }
    PreviousLayers previous;
    for (const std::string& architecture : architectures) {
        auto opened = StoredImage::open(path, architecture);
        if (!opened && opened.error().code() != ErrorCode::not_found) {
            return std::move(opened).error().context(shown);
        }
        if (opened) {
            std::set<std::string>& known = previous[architecture];
            known = diff_ids(opened->config());
            for (const StoredLayer& layer : opened->layers()) {
                known.insert(layer.digest);
            }
        }
    }
    if (previous.empty()) {
        return Error(ErrorCode::not_found, shown + " has none of the architectures");
    }
    return previous;
}

void LayerReuse::add(const std::set<std::string>& previous, const Layer& layer) {
    const bool is_reused = previous.contains(layer.diff_id) || previous.contains(layer.digest);
    ++layers;
    bytes += layer.size;
    reused += is_reused ? 1 : 0;
    reused_bytes += is_reused ? layer.size : 0;
}

}  // namespace quern::image
