// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/base.hpp"

#include "image/database.hpp"
#include "image/json_text.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

namespace quern::image {
namespace {

/// A blob's digest as the file name in a layout. Errors: invalid_data.
Result<Digest> parse_digest(const Json& descriptor) {
    const auto found = descriptor.is_object() ? descriptor.find("digest") : descriptor.end();
    const bool is_text = descriptor.is_object() && found != descriptor.end() && found->is_string();
    const std::string text = is_text ? found->get<std::string>() : std::string();
    const auto digest = text.starts_with("sha256:")
                            ? Digest::from_hex(DigestKind::sha256, std::string_view(text).substr(7))
                            : std::nullopt;
    if (!digest) {
        return Error(
            ErrorCode::invalid_data, fmt::format("'{}' is no sha256 digest", printable(text))
        );
    }
    return *digest;
}

std::filesystem::path blob_path(const std::filesystem::path& layout, const Digest& digest) {
    return layout / "blobs" / "sha256" / digest.hex();
}

Error lie(const Digest& promised, const std::string& actual) {
    return {
        ErrorCode::digest_mismatch,
        fmt::format("the blob that is named sha256:{} is sha256:{}", promised.hex(), actual)};
}

/// A small blob, its digest checked.
Result<std::string> read_document(
    const std::filesystem::path& layout, const Json& descriptor, const FileReader& reader
) {
    QUERN_TRY(const Digest digest, parse_digest(descriptor));
    QUERN_TRY(std::string text, reader.read(blob_path(layout, digest)));
    const std::string actual = digest_of(DigestKind::sha256, text).hex();
    if (actual != digest.hex()) {
        return lie(digest, actual);
    }
    return text;
}

Result<Json> parse_object(const std::string& text, std::string_view what) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return Error(ErrorCode::invalid_data, fmt::format("its {} is no JSON object", what));
    }
    return json;
}

/// Where the image of an architecture is in an index.
Result<Json> find_manifest(const Json& index, const std::string& architecture) {
    const Platform wanted = Platform::of(architecture);
    const auto manifests = index.find("manifests");
    if (manifests != index.end() && manifests->is_array()) {
        for (const Json& each : *manifests) {
            const Json platform =
                each.is_object() ? each.value("platform", Json::object()) : Json();
            if (platform.is_object() &&
                platform.value("architecture", Json("")) == wanted.architecture &&
                platform.value("variant", Json("")) == wanted.variant) {
                return each;
            }
        }
    }
    return Error(ErrorCode::not_found, fmt::format("it has no image for {}", wanted.joined()));
}

/// Brings a layer to the store, where outputs take it from.
Result<Layer> import_layer(
    const std::filesystem::path& layout, const Json& descriptor, const fetch::ContentStore& layers
) {
    QUERN_TRY(const Digest digest, parse_digest(descriptor));
    const std::filesystem::path path = blob_path(layout, digest);
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", path.string()));
    }
    QUERN_TRY(const Digest actual, digest_of_fd(DigestKind::sha256, fd.get()));
    if (!(actual == digest)) {
        return lie(digest, actual.hex());
    }
    QUERN_CHECK(layers.insert(digest, fd.get()));
    std::error_code failure;
    Layer layer;
    layer.digest = "sha256:" + digest.hex();
    layer.size = std::filesystem::file_size(path, failure);
    const Json type = descriptor.value("mediaType", Json(""));
    layer.media_type = type.is_string() ? type.get<std::string>() : std::string(layer_type);
    return layer;
}

/// The records of the packages below as they are repeated on top. Images that must agree with ours
/// keep the fields, write `i` in a further pair of brackets, and list files without owner, mode and
/// checksum. Source: recorded images.
std::string repeated_records(std::string_view text) {
    std::string out;
    for (const std::string_view line : split(text, '\n')) {
        const bool is_dropped =
            line.starts_with("Z:") || line.starts_with("a:") || line.starts_with("M:");
        if (line.starts_with("i:")) {
            out += fmt::format("i:[{}]\n", line.substr(2));
        } else if (!is_dropped && (!line.empty() || !out.ends_with("\n\n"))) {
            out += line;
            out += "\n";
        }
    }
    return trim(out).empty() ? std::string() : std::string(trim(out)) + "\n\n";
}

Result<Base> read_base(
    const BaseImage& image,
    const std::string& architecture,
    const fetch::ContentStore& layers,
    const FileReader& reader
) {
    const std::filesystem::path layout = image.image;
    QUERN_TRY(const std::string index_text, reader.read(layout / "index.json"));
    QUERN_TRY(const Json index, parse_object(index_text, "index"));
    QUERN_TRY(const Json entry, find_manifest(index, architecture));
    QUERN_TRY(const std::string manifest_text, read_document(layout, entry, reader));
    QUERN_TRY(const Json manifest, parse_object(manifest_text, "manifest"));
    Base base;
    QUERN_TRY(base.parts.config, read_document(layout, manifest.value("config", Json()), reader));
    for (const Json& layer : manifest.value("layers", Json::array())) {
        QUERN_TRY(Layer imported, import_layer(layout, layer, layers));
        base.parts.layers.push_back(std::move(imported));
    }
    const std::filesystem::path list =
        std::filesystem::path(image.apk_index) / architecture / "APKINDEX";
    QUERN_TRY(const std::string database, reader.read(list));
    QUERN_TRY(apk::Index packages, apk::Index::parse(without_files(database)));
    for (apk::IndexEntry& package : packages.entries) {
        package.install_if.clear();  // it is installed already
        base.pinned.push_back(fmt::format("{}={}", package.name, package.version));
    }
    base.database = repeated_records(database);
    QUERN_TRY(base.packages, apk::IndexTable::of(packages));
    return base;
}

}  // namespace

Result<Bases> read_bases(
    const Contents& contents,
    const std::vector<std::string>& architectures,
    const fetch::ContentStore& layers,
    const FileReader& reader
) {
    Bases bases;
    if (!contents.base_image) {
        return bases;
    }
    for (const std::string& architecture : architectures) {
        auto base = read_base(*contents.base_image, architecture, layers, reader);
        if (!base) {
            Error error = std::move(base).error().context(
                fmt::format("the base image {}", printable(contents.base_image->image))
            );
            return error.help().empty() ? std::move(error).help(
                                              "contents.baseimage names the directory of an OCI "
                                              "layout, whole and with each architecture, and one "
                                              "with ARCH/APKINDEX, its database"
                                          )
                                        : std::move(error);
        }
        bases.emplace(architecture, std::move(*base));
    }
    return bases;
}

}  // namespace quern::image
