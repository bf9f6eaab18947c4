// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/extract.hpp"
#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "support/handle.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// A layer of an image that lies somewhere.
struct StoredLayer {
    std::string digest;        ///< as the image names it; the diff_id in archives of `docker save`
    bool is_promised = false;  ///< the image says that its bytes have this digest
    std::uint64_t size = 0;
    std::shared_ptr<const UniqueFd> file;
    std::uint64_t offset = 0;
};

/// Reads the layer's bytes and compares their digest with what was promised. Errors: io,
/// digest_mismatch (with both).
Result<void> check_layer(const StoredLayer& layer);

/// One path of an image after all layers were put on each other.
struct StoredEntry {
    archive::TarEntry entry;  ///< without content
    std::string digest;       ///< hex SHA-256 of a file's content
    std::size_t layer = 0;
};

/// An image in an OCI layout, an OCI archive or an archive of docker, opened for one architecture.
class StoredImage {
 public:
    /// `architecture`: apk's name; empty takes the only one. Digests of documents are checked,
    /// those of layers when they are read. Errors: not_found, invalid_data, digest_mismatch.
    static Result<StoredImage> open(
        const std::filesystem::path& path, const std::string& architecture
    );

    const std::string& config() const { return config_; }  ///< JSON
    const std::vector<StoredLayer>& layers() const { return layers_; }

    /// Every path with what it is; whiteouts are applied. `texts` are filled with the content of
    /// the files whose paths are its keys. Errors: invalid_data, limit (the message names the
    /// flag).
    Result<std::map<std::string, StoredEntry>> read_files(
        std::map<std::string, std::string>& texts, const archive::ExtractLimits& limits
    ) const;

 private:
    static Result<StoredImage> read(
        const std::filesystem::path& path, const std::string& architecture
    );
    std::string config_;
    std::vector<StoredLayer> layers_;
};

}  // namespace quern::image
