// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Blobs are ranges of files: of their own in a layout, of the archive otherwise. An archive is read
// once to find its members; their content is read where it lies.
#include "image/stored_image.hpp"

#include "archive/extract_stream.hpp"
#include "archive/tar_reader.hpp"
#include "image/json_text.hpp"
#include "image/oci.hpp"
#include "image/stored_paths.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace quern::image {
namespace {

using SharedFd = std::shared_ptr<const UniqueFd>;

struct Range {
    SharedFd file;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

Result<SharedFd> open_shared(const std::filesystem::path& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", path.string()));
    }
    return std::make_shared<const UniqueFd>(std::move(fd));
}

Result<std::string> read_range(const Range& range) {
    constexpr std::uint64_t largest = std::uint64_t{16} << 20U;  // documents only
    if (range.size > largest) {
        return Error(ErrorCode::limit, fmt::format("a document of {} bytes", range.size));
    }
    std::string text(range.size, '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = ::pread(
            range.file->get(),
            text.data() + done,
            text.size() - done,
            static_cast<off_t>(range.offset + done)
        );
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            const int err = count < 0 ? errno : EIO;
            return Error::system(err, "reading an image");
        }
        done += static_cast<std::size_t>(count);
    }
    return text;
}

constexpr std::string_view blob_folder = "blobs/sha256/";

Error lie(std::string_view promised, const std::string& actual) {
    return {
        ErrorCode::digest_mismatch,
        fmt::format("the blob that is named sha256:{} is sha256:{}", promised, actual)};
}

/// Whether a document is what the name of its blob says; other files have no such name.
Result<void> check_document(std::string_view name, const std::string& text) {
    if (!name.starts_with(blob_folder)) {
        return {};
    }
    const std::string actual = digest_of(DigestKind::sha256, text).hex();
    name.remove_prefix(blob_folder.size());
    return name == actual ? Result<void>() : lie(name, actual);
}

/// Counts what was read, so that the place of a member is known when its header is.
class CountingSource final : public archive::ByteSource {
 public:
    explicit CountingSource(int fd) : source_(fd) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        QUERN_TRY(const std::size_t count, source_.read(buffer));
        count_ += count;
        return count;
    }
    std::uint64_t count() const { return count_; }

 private:
    archive::FdSource source_;
    std::uint64_t count_ = 0;
};

/// Where documents and layers are found.
class Blobs {
 public:
    static Result<Blobs> open(const std::filesystem::path& path) {
        Blobs blobs;
        std::error_code failure;
        if (std::filesystem::is_directory(path, failure)) {
            blobs.directory_ = path;
            return blobs;
        }
        QUERN_TRY(const SharedFd file, open_shared(path));
        CountingSource source(file->get());
        archive::TarReader reader(source);
        for (;;) {
            QUERN_TRY(const auto entry, reader.next());
            if (!entry) {
                return blobs;
            }
            if (entry->type == archive::TarType::file) {
                blobs.members_[entry->path] = {file, source.count(), entry->size};
            }
        }
    }

    bool has(const std::string& name) const {
        std::error_code failure;
        return directory_.empty() ? members_.count(name) != 0
                                  : std::filesystem::exists(directory_ / name, failure);
    }
    Result<Range> find(const std::string& name) const {
        if (directory_.empty()) {
            const auto member = members_.find(name);
            return member == members_.end()
                       ? Result<Range>(Error(
                             ErrorCode::not_found, fmt::format("it has no {}", printable(name))
                         ))
                       : member->second;
        }
        QUERN_TRY(SharedFd file, open_shared(directory_ / name));
        struct stat status = {};
        if (::fstat(file->get(), &status) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("looking at {}", name));
        }
        return Range{std::move(file), 0, static_cast<std::uint64_t>(status.st_size)};
    }
    Result<std::string> text(const std::string& name) const {
        QUERN_TRY(const Range range, find(name));
        QUERN_TRY(std::string text, read_range(range));
        QUERN_CHECK(check_document(name, text));
        return text;
    }
    Result<Json> json(const std::string& name) const {
        QUERN_TRY(const std::string text, this->text(name));
        Json parsed = Json::parse(text, nullptr, false);
        if (parsed.is_discarded()) {
            return Error(
                ErrorCode::invalid_data, fmt::format("its {} is not JSON", printable(name))
            );
        }
        return parsed;
    }

 private:
    std::filesystem::path directory_;
    std::map<std::string, Range> members_;
};

std::string text_of(const Json& object, const char* key) {
    if (!object.is_object()) {
        return {};
    }
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json list_of(const Json& object, const char* key) {
    if (!object.is_object()) {
        return Json::array();
    }
    const auto found = object.find(key);
    return found != object.end() && found->is_array() ? *found : Json::array();
}

/// A blob's file in a layout. The digest comes from a document, so its form is checked.
Result<std::string> blob_name(const std::string& digest) {
    if (!digest.starts_with("sha256:") ||
        !Digest::from_hex(DigestKind::sha256, std::string_view(digest).substr(7))) {
        return Error(
            ErrorCode::invalid_data, fmt::format("'{}' is no sha256 digest", printable(digest))
        );
    }
    return std::string(blob_folder) + digest.substr(7);
}

bool is_for(const Json& descriptor, const std::string& architecture) {
    const Platform wanted = Platform::of(architecture);
    const Json platform =
        descriptor.is_object() && descriptor.contains("platform") ? descriptor["platform"] : Json();
    return architecture.empty() || (text_of(platform, "architecture") == wanted.architecture &&
                                    text_of(platform, "variant") == wanted.variant);
}

Error no_image_for(const std::string& architecture) {
    return {
        ErrorCode::not_found,
        fmt::format("it has no image for {}", Platform::of(architecture).joined())};
}

/// The manifest that an index leads to, through further indexes.
Result<Json> find_manifest(const Blobs& blobs, Json document, const std::string& architecture) {
    constexpr int deepest = 4;
    for (int depth = 0; depth < deepest; ++depth) {
        const Json manifests = list_of(document, "manifests");
        if (manifests.empty()) {
            return document;
        }
        const auto found = std::find_if(manifests.begin(), manifests.end(), [&](const Json& each) {
            return is_for(each, architecture);
        });
        if (found == manifests.end() && manifests.size() != 1) {
            break;
        }
        const Json& chosen = found == manifests.end() ? manifests.front() : *found;
        QUERN_TRY(const std::string name, blob_name(text_of(chosen, "digest")));
        QUERN_TRY(document, blobs.json(name));
    }
    return no_image_for(architecture);
}

/// What is not said fits all: some name no architecture, many no variant.
Result<void> check_architecture(const std::string& config, const std::string& architecture) {
    const Json json = Json::parse(config, nullptr, false);
    const Platform wanted = Platform::of(architecture);
    const auto fits = [&](const char* key, const std::string& value) {
        const std::string actual = text_of(json, key);
        return actual.empty() || value.empty() || actual == value;
    };
    return architecture.empty() ||
                   (fits("architecture", wanted.architecture) && fits("variant", wanted.variant))
               ? Result<void>()
               : no_image_for(architecture);
}

using Files = std::map<std::string, StoredEntry>;

void remove_below(Files& files, const std::string& directory) {
    const std::string prefix = directory.empty() ? "" : directory + "/";
    for (auto each = files.lower_bound(prefix); each != files.end();) {
        if (!each->first.starts_with(prefix)) {
            break;
        }
        each = files.erase(each);
    }
}

/// True for an entry that only takes others away.
bool apply_whiteout(Files& files, const std::string& path) {
    const auto gone = whiteout_of(path);
    if (gone && !gone->is_opaque) {
        files.erase(gone->path);
    }
    if (gone) {
        remove_below(files, gone->path);
    }
    return gone.has_value();
}

Result<std::string> digest_content(archive::TarReader& reader, std::string* text) {
    constexpr std::size_t largest_text = std::size_t{256} << 20U;
    Hasher hasher(DigestKind::sha256);
    std::string buffer(std::size_t{64} << 10U, '\0');
    for (;;) {
        QUERN_TRY(const std::size_t count, reader.read(buffer));
        if (count == 0) {
            return hasher.finish().hex();
        }
        const std::string_view bytes = std::string_view(buffer).substr(0, count);
        hasher.update(bytes);
        if (text != nullptr && text->size() + count <= largest_text) {
            *text += bytes;
        }
    }
}

}  // namespace

Result<void> check_layer(const StoredLayer& layer) {
    if (!layer.is_promised) {
        return {};
    }
    constexpr std::uint64_t piece = std::uint64_t{256} << 10U;
    Hasher hasher(DigestKind::sha256);
    for (std::uint64_t done = 0; done < layer.size; done += piece) {
        const std::uint64_t size = std::min(piece, layer.size - done);
        QUERN_TRY(const std::string bytes, read_range({layer.file, layer.offset + done, size}));
        hasher.update(bytes);
    }
    const std::string actual = hasher.finish().hex();
    return layer.digest == "sha256:" + actual ? Result<void>()
                                              : lie(layer.digest.substr(7), actual);
}

Result<StoredImage> StoredImage::open(
    const std::filesystem::path& path, const std::string& architecture
) {
    auto image = read(path, architecture);
    if (!image && image.error().help().empty()) {
        return std::move(image).error().help(
            "an image is the directory of an OCI layout, an OCI archive, or what `docker save` "
            "writes"
        );
    }
    return image;
}

Result<StoredImage> StoredImage::read(
    const std::filesystem::path& path, const std::string& architecture
) {
    QUERN_TRY(const Blobs blobs, Blobs::open(path));
    StoredImage image;
    std::vector<std::pair<std::string, std::string>> layers;  // digest, name
    std::string config_name;
    if (blobs.has("manifest.json")) {
        QUERN_TRY(const Json items, blobs.json("manifest.json"));
        for (const Json& item : items.is_array() ? items : Json::array()) {
            config_name = text_of(item, "Config");
            layers.clear();
            for (const Json& layer : list_of(item, "Layers")) {
                const std::string name = layer.is_string() ? layer.get<std::string>() : "";
                layers.emplace_back("sha256:" + name.substr(0, name.find('.')), name);
            }
            QUERN_TRY(const Json config, blobs.json(config_name));
            if (is_for({{"platform", config}}, architecture)) {
                break;
            }
        }
    } else {
        QUERN_TRY(Json index, blobs.json("index.json"));
        QUERN_TRY(const Json manifest, find_manifest(blobs, std::move(index), architecture));
        const Json config = manifest.value("config", Json());
        QUERN_TRY(config_name, blob_name(text_of(config, "digest")));
        for (const Json& layer : list_of(manifest, "layers")) {
            const std::string digest = text_of(layer, "digest");
            QUERN_TRY(std::string name, blob_name(digest));
            layers.emplace_back(digest, std::move(name));
        }
    }
    QUERN_TRY(image.config_, blobs.text(config_name));
    QUERN_CHECK(check_architecture(image.config_, architecture));
    for (const auto& [digest, name] : layers) {
        QUERN_TRY(Range range, blobs.find(name));
        const bool is_promised =
            name.starts_with(blob_folder) && digest.ends_with(name.substr(blob_folder.size()));
        image.layers_.push_back(
            {digest, is_promised, range.size, std::move(range.file), range.offset}
        );
    }
    return image;
}

Result<std::map<std::string, StoredEntry>> StoredImage::read_files(
    std::map<std::string, std::string>& texts, const archive::ExtractLimits& limits
) const {
    Files files;
    EntryCount count(limits);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const StoredLayer& layer = layers_[i];
        QUERN_CHECK(check_layer(layer));
        QUERN_TRY(
            const auto tar,
            archive::InflatedRange::open({layer.file->get(), layer.offset, layer.size}, limits)
        );
        archive::TarReader reader(*tar);
        for (;;) {
            QUERN_TRY(auto entry, reader.next());
            if (!entry) {
                break;
            }
            QUERN_CHECK(count.add());
            const std::string path = plain_path(entry->path);
            if (path.empty() || apply_whiteout(files, path)) {
                continue;
            }
            StoredEntry& stored = files[path];
            stored = {std::move(*entry), {}, i};
            if (stored.entry.type == archive::TarType::file) {
                const auto text = texts.find(path);
                std::string* wanted = text == texts.end() ? nullptr : &text->second;
                if (wanted != nullptr) {
                    wanted->clear();
                }
                QUERN_TRY(stored.digest, digest_content(reader, wanted));
            }
        }
    }
    return files;
}

}  // namespace quern::image
