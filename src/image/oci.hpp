// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/image.hpp"
#include "support/digest.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view config_type = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr std::string_view created_annotation = "org.opencontainers.image.created";

/// A layer of an image: where its bytes are found and what they are.
struct Layer {
    std::string digest;   ///< "sha256:<hex>" of the compressed bytes
    std::string diff_id;  ///< of the tar
    std::uint64_t size = 0;
    std::string media_type{layer_type};
    std::string state;  ///< of its file in the store (file_state) if this process wrote it
};

/// A small document that is stored by its digest.
struct Document {
    std::string text;
    std::string digest;  ///< "sha256:<hex>"
};
Document make_document(std::string text);

/// How OCI names a machine. Source: OCI image-spec 1.1 image-index.md, "platform".
struct Platform {
    std::string architecture;
    std::string variant;  ///< "v7" for arm/v7; empty for most

    static Platform of(std::string_view apk_architecture);
    std::string joined() const { return architecture + variant; }
};

/// An image for one architecture, complete but for the bytes of its layers.
struct Image {
    std::string architecture;  ///< apk's name
    std::vector<Layer> layers;
    Document config;
    Document manifest;
    std::int64_t created = 0;                  ///< Unix seconds
    std::map<std::string, std::string> sboms;  ///< file name → text
};

/// All architectures of an image.
struct ImageSet {
    std::vector<Image> images;  ///< by OCI's name of the architecture
    Document index;
    std::map<std::string, std::string> index_sboms;
};

/// What stands on a base image starts from these.
struct BaseParts {
    std::vector<Layer> layers;
    std::string config;
};

struct ImageParts {
    const Specification& specification;  ///< `run_as` a number where the name is known
    std::string architecture;
    std::vector<Layer> layers;  ///< of this build only
    std::int64_t created = 0;
    const BaseParts* base = nullptr;
};

/// Makes configuration and manifest. Errors: invalid_data (a base image's configuration).
/// Source: image-and-resolver 5.6; OCI image-spec 1.1 config.md, manifest.md.
Result<Image> make_image(const ImageParts& parts);

/// The index over `images`, which are put in order. `vcs_url` goes to the annotations.
Document make_index(
    std::vector<Image>& images, const Specification& specification, std::string_view vcs_url
);

/// The words that a container starts with: the entrypoint's, then those of cmd.
std::vector<std::string> command_of(const Specification& specification);
/// The PATH of the image, set or by default.
std::string search_path_of(const Specification& specification);

/// Splits "URL@commit"; the second part is empty if there is none.
std::pair<std::string, std::string> split_vcs_url(std::string_view vcs_url);

}  // namespace quern::image
