// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/stored_image.hpp"
#include "quern/index.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// What an image holds, read back from its layers.
struct ImageContents {
    StoredImage image;
    std::map<std::string, StoredEntry> files;
    std::shared_ptr<const apk::Index> packages;  ///< of its installed database
    std::map<std::string, std::string> owners;   ///< path → name of the package
    std::vector<std::string> world;

    /// Errors: those of StoredImage, with the path.
    static Result<ImageContents> read(
        const std::filesystem::path& path,
        const std::string& architecture,
        const archive::ExtractLimits& limits
    );
    std::uint64_t size_bytes() const;  ///< of all files
};

/// The differences of two images.
struct ImageDifference {
    struct Change {
        std::string name;
        std::string before;  ///< empty: it was not there
        std::string after;   ///< empty: it is not there any more
    };
    std::vector<Change> packages;  ///< versions
    std::vector<Change> files;     ///< what a path is: kind, mode, owner, size, digest
    std::vector<Change> config;    ///< values of the runtime configuration, as JSON
    std::uint64_t size_before = 0;
    std::uint64_t size_after = 0;
    std::size_t shared_layers = 0;

    bool is_empty() const { return packages.empty() && files.empty() && config.empty(); }
};
ImageDifference compare_images(const ImageContents& before, const ImageContents& after);

/// Why a file or a package is in an image, and what it costs.
struct Explanation {
    std::string path;        ///< of a file that was asked for; empty for a package
    std::string layer;       ///< digest of the layer that has it
    std::uint64_t size = 0;  ///< of the file
    std::string package;     ///< name; empty: the image builder wrote the file
    std::string version;
    std::vector<std::string> chain;  ///< packages, from one that was asked for to this one
    std::uint64_t own_size = 0;      ///< installed bytes of the package
    std::uint64_t alone_size = 0;    ///< with all that would not be there without it
};
/// Errors: not_found.
Result<Explanation> explain_content(const ImageContents& contents, const std::string& what);

}  // namespace quern::image
