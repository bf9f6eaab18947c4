// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/choose.hpp"

#include "image/load.hpp"
#include "quern/package_info.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace quern::image {
namespace {

/// No repository can be called so: it holds a NUL.
const std::string base_location("base\0image", 10);

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

/// Whether the world has the package that a service-bundle implies, and no repository does: the
/// image file does not say its name, so a refusal that does would puzzle.
bool wants_missing_services(
    const std::vector<apk::Dependency>& world,
    const Chosen& chosen,
    const repository::ResolveOptions& options
) {
    const auto supervisor =
        std::find_if(world.begin(), world.end(), [](const apk::Dependency& wanted) {
            return wanted.name == services_package && !wanted.is_conflict;
        });
    if (supervisor == world.end()) {
        return false;
    }
    const std::array alone = {*supervisor};
    return !repository::resolve(alone, chosen.indexes, options);
}

/// Gives what the resolver has to say about its choice.
Result<std::vector<std::string>> resolve_into(
    Chosen& chosen, std::vector<std::string> words, const repository::ResolveOptions& options = {}
) {
    words.insert(words.end(), chosen.below.begin(), chosen.below.end());
    QUERN_TRY(const std::vector<apk::Dependency> world, parse_world(sorted_set(std::move(words))));
    auto resolved = repository::resolve(world, chosen.indexes, options);
    if (!resolved && chosen.indexes.empty()) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("no repository has packages for {}", printable(chosen.architecture))
        )
            .help("is the architecture spelt right, and the repository's place?");
    }
    if (!resolved) {
        Error error = std::move(resolved).error().context(
            fmt::format("choosing packages for {}", apk::to_oci_architecture(chosen.architecture))
        );
        if (error.help().empty() && wants_missing_services(world, chosen, options)) {
            return std::move(error).help(
                "an entrypoint of type service-bundle runs its services with s6: add a repository "
                "that has it, or leave the type out"
            );
        }
        return error;
    }
    chosen.packages = std::move(resolved->packages);
    std::erase_if(chosen.packages, [](const repository::Selected& selected) {
        return selected.location.base == base_location;
    });
    return std::move(resolved->notes);
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

std::vector<repository::RepositoryIndex> peers_of(
    const Chosen& chosen, const std::vector<Chosen>& all
) {
    std::vector<repository::RepositoryIndex> peers;
    for (const Chosen& other : all) {
        if (&other != &chosen) {
            peers.insert(peers.end(), other.indexes.begin(), other.indexes.end());
        }
    }
    return peers;
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
    for (const std::string& architecture : architectures) {
        Chosen& chosen = all.emplace_back();
        chosen.architecture = architecture;
        QUERN_TRY(chosen.indexes, read_indexes(sources, architecture, services));
        if (const auto base = bases.find(architecture); base != bases.end()) {
            add_base(chosen, base->second);
        }
    }
    for (Chosen& chosen : all) {
        const auto peers = peers_of(chosen, all);
        QUERN_TRY(
            const auto notes,
            resolve_into(chosen, world, {.time_limit = sources.resolve_timeout, .peers = peers})
        );
        for (const std::string& note : notes) {
            services.reporter.note(note);
        }
        pin(chosen);
    }
    return all;
}

Result<void> order_pinned(Chosen& chosen, const std::vector<std::string>& more) {
    std::vector<std::string> words = chosen.pinned;
    words.insert(words.end(), more.begin(), more.end());
    QUERN_TRY(const auto notes, resolve_into(chosen, std::move(words)));
    std::ignore = notes;  // told when the packages were chosen
    return {};
}

}  // namespace quern::image
