// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/choose.hpp"

#include "quern/package_info.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_set>
#include <utility>

namespace quern::image {
namespace {

/// No repository can be called so: it holds a NUL.
const std::string base_location("base\0image", 10);

using Labels = std::unordered_set<std::string>;

std::string label(const apk::IndexRow& row) {
    return fmt::format("{}-{}", row.name, row.version);
}

Labels labels_of(const Chosen& chosen) {
    Labels labels;
    for (const repository::RepositoryIndex& index : chosen.indexes) {
        for (std::size_t i = 0; i < index.packages.size(); ++i) {
            labels.insert(label(index.packages.row(i)));
        }
    }
    return labels;
}

/// What is left out, and the first architecture that does not have it.
using Missing = std::map<std::string, std::string>;

/// The indexes of one architecture without what another one lacks.
Result<std::vector<repository::RepositoryIndex>> in_all(
    const std::vector<Chosen>& all,
    const std::vector<Labels>& labels,
    std::size_t own,
    Missing& missing
) {
    std::vector<repository::RepositoryIndex> indexes = all[own].indexes;
    for (repository::RepositoryIndex& index : indexes) {
        apk::Index kept;
        for (std::size_t i = 0; i < index.packages.size(); ++i) {
            const std::string name = label(index.packages.row(i));
            std::size_t other = 0;
            while (other < all.size() && labels[other].count(name) != 0) {
                ++other;
            }
            if (other == all.size()) {
                kept.entries.push_back(index.packages.entry(i));
            } else {
                missing.emplace(name, apk::to_oci_architecture(all[other].architecture));
            }
        }
        if (kept.entries.size() != index.packages.size()) {
            QUERN_TRY(index.packages, apk::IndexTable::of(kept));
        }
    }
    return indexes;
}

/// Says which of the packages that the failure is about were left out.
Error explain_missing(Error error, const Missing& missing) {
    for (const auto& [name, architecture] : missing) {
        const std::size_t dash = name.rfind('-', name.rfind('-') - 1);
        if (error.message().find(name.substr(0, dash)) != std::string::npos) {
            return std::move(error).help(fmt::format(
                "{} is not there for {}: build it for that architecture too, or name fewer "
                "architectures with --arch",
                name,
                architecture
            ));
        }
    }
    return error;
}

void pin(Chosen& chosen) {
    for (const repository::Selected& selected : chosen.packages) {
        chosen.pinned.push_back(fmt::format(
            "{}={}{}{}",
            selected.entry->name,
            selected.entry->version,
            selected.location.tag.empty() ? "" : "@",
            selected.location.tag
        ));
    }
    std::sort(chosen.pinned.begin(), chosen.pinned.end());
}

Result<void> resolve_into(
    Chosen& chosen,
    std::vector<std::string> words,
    const std::vector<repository::RepositoryIndex>& indexes,
    const repository::ResolveOptions& options = {}
) {
    words.insert(words.end(), chosen.below.begin(), chosen.below.end());
    QUERN_TRY(const std::vector<apk::Dependency> world, parse_world(sorted_set(std::move(words))));
    auto resolved = repository::resolve(world, indexes, options);
    if (!resolved && indexes.empty()) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("no repository has packages for {}", printable(chosen.architecture))
        )
            .help("is the architecture spelt right, and the repository's place?");
    }
    if (!resolved) {
        return std::move(resolved).error().context(
            fmt::format("choosing packages for {}", apk::to_oci_architecture(chosen.architecture))
        );
    }
    chosen.packages = std::move(resolved->packages);
    std::erase_if(chosen.packages, [](const repository::Selected& selected) {
        return selected.location.base == base_location;
    });
    return {};
}

/// What the base image has, as an index in front of all others.
void add_base(Chosen& chosen, const Base& base) {
    repository::RepositoryIndex index;
    index.location.base = base_location;
    index.architecture = chosen.architecture;
    index.packages = base.packages;
    chosen.indexes.insert(chosen.indexes.begin(), std::move(index));
    chosen.below = base.pinned;
}

}  // namespace

Result<std::vector<apk::Dependency>> parse_world(const std::vector<std::string>& words) {
    std::vector<apk::Dependency> world;
    for (const std::string& word : words) {
        auto dependency = apk::Dependency::parse(word);
        if (!dependency) {
            return Error(
                ErrorCode::usage,
                fmt::format("'{}' is no package name or constraint", printable(word))
            );
        }
        world.push_back(std::move(*dependency));
    }
    return world;
}

Result<std::vector<Chosen>> choose_packages(
    const std::vector<std::string>& world,
    const std::vector<std::string>& architectures,
    const Sources& sources,
    const Bases& bases,
    const Services& services
) {
    std::vector<Chosen> all;
    std::vector<Labels> labels;
    for (const std::string& architecture : architectures) {
        Chosen& chosen = all.emplace_back();
        chosen.architecture = architecture;
        QUERN_TRY(chosen.indexes, read_indexes(sources, architecture, services));
        if (const auto base = bases.find(architecture); base != bases.end()) {
            add_base(chosen, base->second);
        }
        if (architectures.size() > 1) {
            labels.push_back(labels_of(chosen));
        }
    }
    const repository::ResolveOptions options{.time_limit = sources.resolve_timeout, .peers = {}};
    for (std::size_t i = 0; i < all.size(); ++i) {
        Missing missing;
        auto indexes = all[i].indexes;
        if (all.size() > 1) {
            QUERN_TRY(indexes, in_all(all, labels, i, missing));
        }
        if (auto resolved = resolve_into(all[i], world, indexes, options); !resolved) {
            return explain_missing(std::move(resolved).error(), missing);
        }
        pin(all[i]);
    }
    return all;
}

Result<void> order_pinned(Chosen& chosen, const std::vector<std::string>& more) {
    std::vector<std::string> words = chosen.pinned;
    words.insert(words.end(), more.begin(), more.end());
    return resolve_into(chosen, std::move(words), chosen.indexes);
}

}  // namespace quern::image
