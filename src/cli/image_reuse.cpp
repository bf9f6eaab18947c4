// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/image_reuse.hpp"

#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <set>
#include <utility>

namespace quern::cli {

using Json = nlohmann::ordered_json;

Json reuse_report(
    const Json& note, const image::PreviousLayers& previous, const std::string& image
) {
    static const std::set<std::string> none;
    Json images = Json::array();
    for (const Json& each : note.value("images", Json::array())) {
        const std::string architecture = each.value("architecture", std::string());
        const auto known = previous.find(architecture);
        image::LayerReuse reuse;
        for (const Json& layer : each.value("layers", Json::array())) {
            image::Layer read;
            read.digest = layer.value("digest", std::string());
            read.diff_id = layer.value("diff_id", std::string());
            read.size = layer.value("size", std::uint64_t{0});
            reuse.add(known == previous.end() ? none : known->second, read);
        }
        images.push_back(
            {{"architecture", architecture},
             {"layers", reuse.layers},
             {"reused", reuse.reused},
             {"bytes", reuse.bytes},
             {"reused_bytes", reuse.reused_bytes}}
        );
    }
    return {{"image", image}, {"images", std::move(images)}};
}

std::string reuse_text(const Json& report) {
    std::string text;
    for (const Json& each : report["images"]) {
        text += fmt::format(
            "{}: {} of {} layers are those of {}: {} of {}\n",
            each["architecture"].get<std::string>(),
            each["reused"].get<std::size_t>(),
            each["layers"].get<std::size_t>(),
            printable(report["image"].get<std::string>()),
            human_size(each["reused_bytes"].get<std::uint64_t>()),
            human_size(each["bytes"].get<std::uint64_t>())
        );
    }
    return text;
}

}  // namespace quern::cli
