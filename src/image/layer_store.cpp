// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/layer_store.hpp"

#include "support/atomic_file.hpp"
#include "support/file_state.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace quern::image {

Result<std::optional<UniqueFd>> open_blob(const std::filesystem::path& path, const Layer& layer) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) {
        return std::optional<UniqueFd>();
    }
    if (layer.state.empty() || file_state(fd.get()) != layer.state) {
        QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, fd.get()));
        if (digest.hex() != hex_of(layer.digest)) {
            return std::optional<UniqueFd>();
        }
    }
    return std::optional<UniqueFd>(std::move(fd));
}

std::string hex_of(const std::string& digest) {
    return digest.substr(digest.find(':') + 1);
}

Result<void> LayerFile::write(std::string_view bytes) {
    constexpr std::uint64_t piece = std::uint64_t{8} << 20U;
    QUERN_CHECK(write_all(fd_.get(), bytes));
    written_ += bytes.size();
    if (is_durable_ && written_ - flushed_ >= piece) {
        // Only begins it; what goes wrong is told when the file gets its name.
        ::sync_file_range(
            fd_.get(),
            static_cast<off64_t>(flushed_),
            static_cast<off64_t>(written_ - flushed_),
            SYNC_FILE_RANGE_WRITE
        );
        flushed_ = written_;
    }
    return {};
}

LayerStore::LayerStore(const std::filesystem::path& cache, const std::filesystem::path& layout)
    : cache_({cache}), blobs_(layout / "blobs" / "sha256") {
    std::error_code failure;
    for (const std::filesystem::path& directory : {blobs_, layout / "blobs", layout}) {
        if (!std::filesystem::exists(directory, failure)) {
            missing_.push_back(directory);
        }
    }
}

LayerStore::~LayerStore() {
    if (is_settled_) {
        return;
    }
    for (const std::filesystem::path& path : added_) {
        ::unlink(path.c_str());
    }
    for (const std::filesystem::path& path : missing_) {
        ::rmdir(path.c_str());
    }
}

Result<std::unique_ptr<LayerFile>> LayerStore::begin() const {
    const bool is_in_layout = !blobs_.empty();
    QUERN_TRY(UniqueFd fd, is_in_layout ? make_unnamed_file(blobs_) : cache_.temporary());
    return std::make_unique<LayerFile>(std::move(fd), is_in_layout);
}

Result<std::string> LayerStore::keep(const Digest& digest, const LayerFile& file) {
    if (blobs_.empty()) {
        QUERN_CHECK(cache_.insert(digest, file.fd(), {.is_durable = false}));
        return file_state(file.fd());
    }
    const std::filesystem::path path = blobs_ / digest.hex();
    std::error_code failure;
    const bool is_new = !std::filesystem::exists(path, failure);
    QUERN_CHECK(give_name(file.fd(), path));
    if (is_new) {
        const std::lock_guard lock(mutex_);
        added_.push_back(path);
    }
    return file_state(file.fd());
}

Result<UniqueFd> LayerStore::open(const Layer& layer) const {
    const auto digest = Digest::from_hex(DigestKind::sha256, hex_of(layer.digest));
    QUERN_ASSERT(digest.has_value());
    if (!blobs_.empty()) {
        QUERN_TRY(std::optional<UniqueFd> blob, open_blob(blobs_ / digest->hex(), layer));
        if (blob) {
            return std::move(*blob);
        }
    }
    QUERN_TRY(auto found, cache_.find(*digest, layer.state));
    if (!found) {
        return Error(
                   ErrorCode::not_found, fmt::format("layer {} is not in the cache", layer.digest)
        )
            .help("it was removed or damaged just now: run the command again");
    }
    return std::move(*found);
}

void LayerStore::settle() {
    const std::lock_guard lock(mutex_);
    is_settled_ = true;
}

}  // namespace quern::image
