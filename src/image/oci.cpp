// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/oci.hpp"

#include "image/json_text.hpp"
#include "image/shell_words.hpp"
#include "quern/package_info.hpp"
#include "support/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::image {
namespace {

constexpr const char* author = "quern";
constexpr const char* usual_path = "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin";

std::string date(std::int64_t seconds) {
    return Timestamp(seconds).to_rfc3339();
}

std::map<std::string, std::string> annotations_of(
    const Specification& specification, std::int64_t created
) {
    auto annotations = specification.annotations;
    annotations[std::string(created_annotation)] = date(created);
    return annotations;
}

/// Source: image-and-resolver 5.6.
std::string comment_of(const Specification& specification, std::size_t layer_count) {
    const auto title = specification.annotations.find("org.opencontainers.image.title");
    const auto vendor = specification.annotations.find("org.opencontainers.image.vendor");
    if (title != specification.annotations.end() && vendor != specification.annotations.end()) {
        return fmt::format("{} by {}", title->second, vendor->second);
    }
    return layer_count == 1 ? "a single-layer image made by quern" : "";
}

void add_history(const ImageParts& parts, Json& history) {
    const std::string comment = comment_of(parts.specification, parts.layers.size());
    for (std::size_t i = 0; i < parts.layers.size(); ++i) {
        Json entry = {{"author", author}, {"created", date(parts.created)}, {"created_by", author}};
        if (!comment.empty()) {
            entry["comment"] = comment;
        }
        history.push_back(std::move(entry));
    }
}

std::vector<std::string> entrypoint_of(const Entrypoint& entrypoint) {
    if (!entrypoint.shell_fragment.empty()) {
        return {"/bin/sh", "-c", entrypoint.shell_fragment};
    }
    return split_shell_words(entrypoint.command).value_or(std::vector<std::string>());
}

std::vector<std::string> environment_of(const Specification& specification) {
    auto environment = specification.environment;
    environment.emplace("PATH", usual_path);
    environment.emplace("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    std::vector<std::string> list;
    for (const auto& [name, value] : environment) {
        list.push_back(fmt::format("{}={}", name, value));
    }
    return list;
}

Json runtime_config(const Specification& specification) {
    Json config = Json::object();
    const auto set = [&](const char* key, const auto& value) {
        if (!value.empty()) {
            config[key] = value;
        }
    };
    set("User", specification.accounts.run_as);
    set("Env", environment_of(specification));
    set("Entrypoint", entrypoint_of(specification.entrypoint));
    set("Cmd", split_shell_words(specification.cmd).value_or(std::vector<std::string>()));
    Json volumes = Json::object();
    for (const std::string& volume : specification.volumes) {
        volumes[volume] = Json::object();
    }
    set("Volumes", volumes);
    set("WorkingDir", specification.work_dir);
    set("StopSignal", specification.stop_signal);
    return config;
}

/// The configuration of a base image, ready to be added to.
Result<Json> parse_base(const std::string& text) {
    Json json = Json::parse(text, nullptr, false);
    const bool is_good = json.is_object() && json.contains("rootfs") &&
                         json["rootfs"].is_object() && json["rootfs"].contains("diff_ids") &&
                         json["rootfs"]["diff_ids"].is_array();
    if (!is_good) {
        return Error(ErrorCode::invalid_data, "the base image's configuration is none");
    }
    if (!json.contains("history") || !json["history"].is_array()) {
        json["history"] = Json::array();
    }
    if (!json.contains("config") || !json["config"].is_object()) {
        json["config"] = Json::object();
    }
    return json;
}

Json fresh_config(const ImageParts& parts) {
    const Platform platform = Platform::of(parts.architecture);
    Json json = {
        {"architecture", platform.architecture},
        {"author", author},
        {"created", ""},
        {"history", Json::array()},
        {"os", "linux"},
        {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array()}}},
        {"config", runtime_config(parts.specification)},
    };
    if (!platform.variant.empty()) {
        json["variant"] = platform.variant;
    }
    return json;
}

Json descriptor(std::string_view media_type, std::uint64_t size, const std::string& digest) {
    return {{"mediaType", media_type}, {"size", size}, {"digest", digest}};
}

}  // namespace

Document make_document(std::string text) {
    std::string digest = "sha256:" + digest_of(DigestKind::sha256, text).hex();
    return {std::move(text), std::move(digest)};
}

Platform Platform::of(std::string_view apk_architecture) {
    const std::string name = apk::to_oci_architecture(apk_architecture);
    const std::size_t slash = name.find('/');
    return slash == std::string::npos ? Platform{name, {}}
                                      : Platform{name.substr(0, slash), name.substr(slash + 1)};
}

Result<Image> make_image(const ImageParts& parts) {
    Json config = fresh_config(parts);
    Image image;
    if (parts.base != nullptr) {
        QUERN_TRY(config, parse_base(parts.base->config));
        image.layers = parts.base->layers;
    }
    image.architecture = parts.architecture;
    image.created = parts.created;
    image.layers.insert(image.layers.end(), parts.layers.begin(), parts.layers.end());
    config["created"] = date(parts.created);
    add_history(parts, config["history"]);
    for (const Layer& layer : parts.layers) {
        config["rootfs"]["diff_ids"].push_back(layer.diff_id);
    }
    const auto annotations = annotations_of(parts.specification, parts.created);
    config["config"]["Labels"].update(Json(annotations));
    image.config = make_document(json_text(config));
    Json layers = Json::array();
    for (const Layer& layer : image.layers) {
        layers.push_back(descriptor(layer.media_type, layer.size, layer.digest));
    }
    image.manifest = make_document(json_text({
        {"schemaVersion", 2},
        {"mediaType", manifest_type},
        {"config", descriptor(config_type, image.config.text.size(), image.config.digest)},
        {"layers", std::move(layers)},
        {"annotations", annotations},
    }));
    return image;
}

Document make_index(
    std::vector<Image>& images, const Specification& specification, std::string_view vcs_url
) {
    std::sort(images.begin(), images.end(), [](const Image& a, const Image& b) {
        return apk::to_oci_architecture(a.architecture) < apk::to_oci_architecture(b.architecture);
    });
    std::int64_t created = 0;
    Json manifests = Json::array();
    for (const Image& image : images) {
        created = std::max(created, image.created);
        const Platform platform = Platform::of(image.architecture);
        Json entry = descriptor(manifest_type, image.manifest.text.size(), image.manifest.digest);
        entry["platform"] = {{"architecture", platform.architecture}, {"os", "linux"}};
        if (!platform.variant.empty()) {
            entry["platform"]["variant"] = platform.variant;
        }
        entry["artifactType"] = config_type;
        manifests.push_back(std::move(entry));
    }
    auto annotations = annotations_of(specification, created);
    if (const auto [url, commit] = split_vcs_url(vcs_url); !commit.empty()) {
        annotations["org.opencontainers.image.source"] = url;
        annotations["org.opencontainers.image.revision"] = commit;
    }
    return make_document(json_text({
        {"schemaVersion", 2},
        {"mediaType", index_type},
        {"manifests", std::move(manifests)},
        {"annotations", annotations},
    }));
}

std::vector<std::string> command_of(const Specification& specification) {
    std::vector<std::string> words = entrypoint_of(specification.entrypoint);
    const auto more = split_shell_words(specification.cmd).value_or(std::vector<std::string>());
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::string search_path_of(const Specification& specification) {
    const auto own = specification.environment.find("PATH");
    return own == specification.environment.end() ? usual_path : own->second;
}

std::pair<std::string, std::string> split_vcs_url(std::string_view vcs_url) {
    const std::size_t at = vcs_url.rfind('@');
    return at == std::string_view::npos
               ? std::pair(std::string(vcs_url), std::string())
               : std::pair(std::string(vcs_url.substr(0, at)), std::string(vcs_url.substr(at + 1)));
}

}  // namespace quern::image
