// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/publish.hpp"

#include "image/credentials.hpp"
#include "image/output.hpp"
#include "support/atomic_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace quern::image {
namespace {

/// A blob to push: a layer of the store, or a document.
struct Blob {
    std::string digest;
    const Layer* layer = nullptr;
    const Document* document = nullptr;
};

std::vector<Blob> blobs_of(const ImageSet& set) {
    std::vector<Blob> blobs;
    std::set<std::string> seen;
    for (const Image& image : set.images) {
        for (const Layer& layer : image.layers) {
            if (seen.insert(layer.digest).second) {
                blobs.push_back({layer.digest, &layer, nullptr});
            }
        }
        if (seen.insert(image.config.digest).second) {
            blobs.push_back({image.config.digest, nullptr, &image.config});
        }
    }
    return blobs;
}

/// A document's bytes behind a descriptor, as uploads want them.
Result<UniqueFd> open_document(const Document& document) {
    UniqueFd fd(::memfd_create("document", MFD_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return Error::system(err, "making a file in memory");
    }
    QUERN_CHECK(write_all(fd.get(), document.text));
    return fd;
}

Result<void> push_blob(
    const Blob& blob, const LayerStore& layers, Registry& registry, const std::string& mount_from
) {
    QUERN_TRY(
        const UniqueFd fd,
        blob.layer != nullptr ? layers.open(*blob.layer) : open_document(*blob.document)
    );
    const std::uint64_t size =
        blob.layer != nullptr ? blob.layer->size : blob.document->text.size();
    return registry.push_blob(blob.digest, fd.get(), size, mount_from);
}

using Registries = std::vector<std::unique_ptr<Registry>>;

/// One for each repository that a tag names, in the order of the tags.
Result<Registries> open_registries(
    const std::vector<Reference>& tags,
    const RegistryOptions& options,
    fetch::HttpExchanger& http,
    const Services& services
) {
    Registries registries;
    std::set<std::string> seen;
    const CredentialSources sources = CredentialSources::of_process();
    for (const Reference& tag : tags) {
        if (!seen.insert(tag.repository_name()).second) {
            continue;
        }
        QUERN_TRY(
            Credentials credentials,
            find_credentials(tag.registry, sources, services.reader, services.cancel)
        );
        registries.push_back(
            std::make_unique<Registry>(tag, std::move(credentials), options, http, services.cancel)
        );
    }
    return registries;
}

/// Everything but the tags.
Result<void> push_content(
    const ImageSet& set,
    const LayerStore& layers,
    Registry& registry,
    const std::string& mount_from,
    const Services& services
) {
    const std::vector<Blob> blobs = blobs_of(set);
    Activity activity(services.reporter, fmt::format("pushing to {}", registry.name()));
    activity.outcome("stopped");  // unless all goes well
    const auto push_one = [&](std::size_t i) {
        return push_blob(blobs[i], layers, registry, mount_from);
    };
    QUERN_CHECK(services.pool.for_each_index(blobs.size(), push_one));
    const auto push_image = [&](std::size_t i) {
        const Document& manifest = set.images[i].manifest;
        return registry.push_manifest(manifest.digest, manifest_type, manifest.text);
    };
    QUERN_CHECK(services.pool.for_each_index(set.images.size(), push_image));
    QUERN_CHECK(registry.push_manifest(set.index.digest, index_type, set.index.text));
    activity.outcome(fmt::format("{} blobs", blobs.size()));
    return {};
}

}  // namespace

Result<std::vector<std::string>> publish(
    const ImageSet& set,
    const LayerStore& layers,
    const std::vector<Reference>& tags,
    const PublishOptions& options,
    const Services& services
) {
    QUERN_TRY(fetch::HttpExchanger http, fetch::HttpExchanger::create());
    QUERN_TRY(const Registries registries, open_registries(tags, options.registry, http, services));
    std::map<std::string, std::string> pushed;  // registry → a repository of it that has everything
    std::map<std::string, Registry*> by_name;
    for (const auto& registry : registries) {
        by_name[registry->name()] = registry.get();
    }
    for (const Reference& tag : tags) {
        const auto before = pushed.find(tag.registry);
        const std::string& mount = before == pushed.end() ? options.mount_from : before->second;
        if (before == pushed.end() || before->second != tag.repository) {
            QUERN_CHECK(push_content(set, layers, *by_name[tag.repository_name()], mount, services)
            );
        }
        pushed.emplace(tag.registry, tag.repository);
    }
    for (const Reference& tag : tags) {
        if (!tag.tag.empty()) {
            QUERN_CHECK(
                by_name[tag.repository_name()]->push_manifest(tag.tag, index_type, set.index.text)
            );
        }
    }
    const std::string repository = tags.front().repository_name();
    std::vector<std::string> names;
    for (const Image& image : set.images) {
        names.push_back(fmt::format("{}@{}", repository, image.manifest.digest));
    }
    names.push_back(fmt::format("{}@{}", repository, set.index.digest));
    return names;
}

}  // namespace quern::image
