// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "fetch/content_store.hpp"
#include "image/oci.hpp"
#include "support/handle.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::image {

/// A layer that is being written: a file without a name.
class LayerFile final : public archive::ByteSink {
 public:
    /// `is_durable`: the bytes go to the disk while more of them come, so that nobody has to wait
    /// for it at the end.
    LayerFile(UniqueFd fd, bool is_durable) : fd_(std::move(fd)), is_durable_(is_durable) {}
    Result<void> write(std::string_view bytes) override;
    int fd() const { return fd_.get(); }

 private:
    UniqueFd fd_;
    bool is_durable_;
    std::uint64_t written_ = 0;
    std::uint64_t flushed_ = 0;
};

/// Where the layers of an image lie until an output has them. Thread safety: all methods.
class LayerStore {
 public:
    /// By digest in the directory `cache`, from where outputs take them. What is torn there is
    /// found when it is read, so nothing waits for the disk.
    explicit LayerStore(const std::filesystem::path& cache) : cache_({cache}) {}
    /// Among the blobs of an OCI layout, where they stay; others are looked for in `cache`. What
    /// was not there before is removed again unless `settle` is called.
    LayerStore(const std::filesystem::path& cache, const std::filesystem::path& layout);
    LayerStore(const LayerStore&) = delete;
    LayerStore& operator=(const LayerStore&) = delete;
    ~LayerStore();

    /// Errors: io.
    Result<std::unique_ptr<LayerFile>> begin() const;
    /// Keeps the layer whose bytes `file` has; gives the state that it is in (Layer::state).
    /// Errors: io.
    Result<std::string> keep(const Digest& digest, const LayerFile& file);
    /// The layer's bytes, from their start; hashed unless they are in the state in which this
    /// process left them. Errors: not_found, io.
    Result<UniqueFd> open(const Layer& layer) const;
    /// The layout names its layers now.
    void settle();

 private:
    fetch::ContentStore cache_;
    std::filesystem::path blobs_;  ///< empty: layers are kept in the cache
    bool is_settled_ = false;
    std::vector<std::filesystem::path> missing_;  ///< directories that were not there, inner first
    std::mutex mutex_;
    std::vector<std::filesystem::path> added_;
};

/// A file that should hold a layer: open at its start if it does, nothing otherwise. Errors: io.
Result<std::optional<UniqueFd>> open_blob(const std::filesystem::path& path, const Layer& layer);

/// "<hex>" of "sha256:<hex>".
std::string hex_of(const std::string& digest);

}  // namespace quern::image
