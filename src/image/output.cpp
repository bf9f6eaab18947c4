// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/output.hpp"

#include "archive/byte_stream.hpp"
#include "archive/tar_writer.hpp"
#include "image/json_text.hpp"
#include "support/atomic_file.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace quern::image {
namespace {

constexpr const char* layout_text = "{\"imageLayoutVersion\": \"1.0.0\"}";

/// Calls `use` with the bytes of a layer in pieces.
template <typename Use>
Result<void> read_layer(const LayerStore& layers, const Layer& layer, const Use& use) {
    QUERN_TRY(const UniqueFd fd, layers.open(layer));
    archive::FdSource source(fd.get());
    std::string buffer(std::size_t{256} << 10U, '\0');
    for (;;) {
        QUERN_TRY(const std::size_t count, source.read(std::span(buffer)));
        if (count == 0) {
            return {};
        }
        QUERN_CHECK(use(std::string_view(buffer).substr(0, count)));
    }
}

/// Writes the members of an archive; each path once.
class ArchiveFile {
 public:
    ArchiveFile(AtomicFile file, const LayerStore& layers)
        : file_(std::move(file)), sink_(file_.fd()), writer_(sink_), layers_(layers) {}

    Result<void> add(const std::string& path, std::string_view content) {
        return written_.insert(path).second ? writer_.add(header(path, content.size()), content)
                                            : Result<void>();
    }
    Result<void> add(const std::string& path, const Layer& layer) {
        if (!written_.insert(path).second) {
            return {};
        }
        QUERN_CHECK(writer_.add(header(path, layer.size)));
        return read_layer(layers_, layer, [&](std::string_view bytes) {
            return writer_.write_content(bytes);
        });
    }
    Result<void> commit() {
        QUERN_CHECK(writer_.finish_with_end_blocks());
        return file_.commit();
    }

 private:
    static archive::TarEntry header(const std::string& path, std::uint64_t size) {
        archive::TarEntry entry;
        entry.path = path;
        entry.mode = 0644;
        entry.size = size;
        return entry;
    }

    AtomicFile file_;
    archive::FdSink sink_;
    archive::TarWriter writer_;
    const LayerStore& layers_;
    std::set<std::string> written_;
};

/// Puts a blob where it belongs; a layer that is there and whole is not written again.
Result<void> write_blob(
    const std::filesystem::path& directory, const std::string& digest, std::string_view text
) {
    return write_file_atomically(directory / hex_of(digest), text);
}

Result<void> write_blob(
    const std::filesystem::path& directory, const LayerStore& layers, const Layer& layer
) {
    const std::filesystem::path path = directory / hex_of(layer.digest);
    QUERN_TRY(const std::optional<UniqueFd> present, open_blob(path, layer));
    if (present) {
        return {};
    }
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    QUERN_CHECK(read_layer(layers, layer, [&](std::string_view bytes) { return file.write(bytes); })
    );
    return file.commit();
}

std::string repo_tag(const Image& image, const Reference& tag, bool is_exact) {
    const std::string suffix = "-" + Platform::of(image.architecture).architecture;
    return tag.full() + (is_exact ? "" : suffix);
}

/// As engines write it: Docker Hub's registry is called otherwise there.
std::string engine_name(const Reference& tag) {
    constexpr std::string_view hub = "index.docker.io/";
    const std::string name = tag.full();
    return name.starts_with(hub) ? "docker.io/" + name.substr(hub.size()) : name;
}

}  // namespace

Result<void> write_oci_layout(
    const ImageSet& set, LayerStore& layers, const std::filesystem::path& directory
) {
    const std::filesystem::path blobs = directory / "blobs" / "sha256";
    std::error_code failure;
    std::filesystem::create_directories(blobs, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("making {}", blobs.string()));
    }
    for (const Image& image : set.images) {
        for (const Layer& layer : image.layers) {
            QUERN_CHECK(write_blob(blobs, layers, layer));
        }
        QUERN_CHECK(write_blob(blobs, image.config.digest, image.config.text));
        QUERN_CHECK(write_blob(blobs, image.manifest.digest, image.manifest.text));
    }
    QUERN_CHECK(write_file_atomically(directory / "oci-layout", layout_text));
    QUERN_CHECK(write_file_atomically(directory / "index.json", set.index.text));
    layers.settle();
    return {};
}

std::vector<std::filesystem::path> layout_files(
    const ImageSet& set, const std::filesystem::path& directory
) {
    const std::filesystem::path blobs = directory / "blobs" / "sha256";
    std::vector<std::filesystem::path> files = {directory / "oci-layout", directory / "index.json"};
    for (const Image& image : set.images) {
        for (const Layer& layer : image.layers) {
            files.push_back(blobs / hex_of(layer.digest));
        }
        files.push_back(blobs / hex_of(image.config.digest));
        files.push_back(blobs / hex_of(image.manifest.digest));
    }
    return files;
}

Result<void> write_oci_archive(
    const ImageSet& set,
    const LayerStore& layers,
    const Reference& tag,
    const std::filesystem::path& path
) {
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    ArchiveFile archive(std::move(file), layers);
    const auto blob = [](const std::string& digest) { return "blobs/sha256/" + hex_of(digest); };
    for (const Image& image : set.images) {
        for (const Layer& layer : image.layers) {
            QUERN_CHECK(archive.add(blob(layer.digest), layer));
        }
        QUERN_CHECK(archive.add(blob(image.config.digest), image.config.text));
        QUERN_CHECK(archive.add(blob(image.manifest.digest), image.manifest.text));
    }
    QUERN_CHECK(archive.add(blob(set.index.digest), set.index.text));
    QUERN_CHECK(archive.add("oci-layout", layout_text));
    // One image is named itself: not every reader goes through a further index.
    const bool is_single = set.images.size() == 1;
    const Document& named = is_single ? set.images.front().manifest : set.index;
    Json entry = {
        {"mediaType", is_single ? manifest_type : index_type},
        {"size", named.text.size()},
        {"digest", named.digest},
        {"annotations",
         // The second is what engines call the image by: the first is but a tag to them.
         {{"org.opencontainers.image.ref.name", tag.tag},
          {"io.containerd.image.name", engine_name(tag)}}}};
    QUERN_CHECK(archive.add(
        "index.json",
        json_text(
            {{"schemaVersion", 2},
             {"mediaType", index_type},
             {"manifests", Json::array({std::move(entry)})}}
        )
    ));
    return archive.commit();
}

Result<void> write_docker_archive(
    const ImageSet& set,
    const LayerStore& layers,
    const Reference& tag,
    bool is_exact,
    const std::filesystem::path& path
) {
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    ArchiveFile archive(std::move(file), layers);
    Json list = Json::array();
    for (const Image& image : set.images) {
        QUERN_CHECK(archive.add(image.config.digest, image.config.text));
        Json names = Json::array();
        for (const Layer& layer : image.layers) {
            names.push_back(hex_of(layer.digest) + ".tar.gz");
            QUERN_CHECK(archive.add(names.back(), layer));
        }
        list.push_back(
            {{"Config", image.config.digest},
             {"RepoTags", {repo_tag(image, tag, is_exact && set.images.size() == 1)}},
             {"Layers", std::move(names)}}
        );
    }
    QUERN_CHECK(archive.add("manifest.json", json_text(list)));
    for (const Image& image : set.images) {
        QUERN_CHECK(archive.add(image.manifest.digest, image.manifest.text));
    }
    QUERN_CHECK(archive.add("index.json", set.index.text));
    return archive.commit();
}

}  // namespace quern::image
