// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/resolver.hpp"

#include "repository/complete_search.hpp"
#include "repository/greedy_walk.hpp"
#include "repository/package_pool.hpp"
#include "repository/soundness.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace quern::repository {

namespace {

using Clock = std::chrono::steady_clock;

/// More reasons than this hide the one that matters.
constexpr std::size_t most_reasons = 20;

/// The world as sorted texts, each once: the order of a list in a recipe means nothing.
std::vector<Relation> make_world(PackagePool& pool, std::span<const apk::Dependency> world) {
    std::map<std::string, const apk::Dependency*> sorted;
    for (const apk::Dependency& dependency : world) {
        sorted.emplace(dependency.to_string(), &dependency);
    }
    std::vector<Relation> relations;
    for (const auto& [text, dependency] : sorted) {
        relations.push_back(pool.make_relation(*dependency));
    }
    return relations;
}

/// What the user may have meant by a name that nothing has.
std::string help_for(const PackagePool& pool, const Relation& leaf) {
    const std::string_view wanted = pool.names().text(leaf.name);
    for (const char* prefix : {"cmd:", "so:", "pc:"}) {
        const NameId name = pool.names().find(prefix + std::string(wanted));
        if (name != no_id && !pool.candidates(name).empty()) {
            const std::string& provider = pool.entry(pool.candidates(name).front()).name;
            return fmt::format("{}{} is provided by {}", prefix, wanted, provider);
        }
    }
    std::vector<std::string_view> names;
    for (NameId id = 0; id < pool.names().size(); ++id) {
        if (!pool.candidates(id).empty()) {
            names.push_back(pool.names().text(id));
        }
    }
    const std::string_view near = nearest(wanted, names);
    return near.empty() ? std::string() : fmt::format("did you mean '{}'?", printable(near));
}

Error unsatisfiable(
    const PackagePool& pool, const std::vector<std::string>& reasons, const Relation* leaf
) {
    std::string text = "no set of packages fits:";
    for (std::size_t i = 0; i < std::min(reasons.size(), most_reasons); ++i) {
        text += "\n  " + printable(reasons[i]);
    }
    if (reasons.size() > most_reasons) {
        text += fmt::format("\n  and {} more", reasons.size() - most_reasons);
    }
    const bool is_unknown = leaf != nullptr && pool.candidates(leaf->name).empty();
    return Error(ErrorCode::unsatisfiable, std::move(text))
        .help(is_unknown ? help_for(pool, *leaf) : std::string());
}

Error out_of_time(const ResolveOptions& options) {
    return Error(
               ErrorCode::limit,
               fmt::format(
                   "no set of packages was found in {} s, nor a proof that there is none",
                   options.time_limit.count() / 1000
               )
    )
        .help("--resolve-timeout gives it longer; fewer constraints make it easier");
}

Resolution make_resolution(
    const PackagePool& pool, std::span<const PackageId> packages, bool used_search
) {
    Resolution resolution;
    resolution.used_search = used_search;
    for (const PackageId id : packages) {
        resolution.packages.push_back(pool.select(id));
    }
    return resolution;
}

/// The world with the packages that came by install_if: they stay if they can, with what they need
/// themselves.
std::vector<Relation> with_triggered(
    PackagePool& pool, std::vector<Relation> world, std::span<const PackageId> triggered
) {
    for (const PackageId id : triggered) {
        apk::Dependency exact;
        exact.name = pool.entry(id).name;
        exact.match = apk::Dependency::equal;
        exact.version = pool.entry(id).version;
        world.push_back(pool.make_relation(exact));
    }
    return world;
}

}  // namespace

Result<Resolution> resolve(
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options
) {
    const Clock::time_point deadline = Clock::now() + options.time_limit;
    PackagePool pool(indexes);
    const std::vector<Relation> wanted = make_world(pool, world);
    WalkResult walk = GreedyWalk(pool, wanted).run();
    std::vector<std::string> reasons;
    if (walk.failure) {
        reasons = std::move(walk.failure->lines);
        walk.packages.clear();
        walk.triggered.clear();
    } else {
        reasons = find_breaches(pool, wanted, walk.packages);
        if (reasons.empty()) {
            return make_resolution(pool, walk.packages, false);
        }
    }
    std::vector<Relation> roots = with_triggered(pool, wanted, walk.triggered);
    SearchResult found = search_completely(pool, roots, {deadline, walk.packages});
    if (found.outcome == SearchResult::Outcome::impossible && !walk.triggered.empty()) {
        roots = wanted;
        found = search_completely(pool, roots, {deadline, walk.packages});
    }
    if (found.outcome == SearchResult::Outcome::out_of_time) {
        return out_of_time(options);
    }
    const Relation* leaf = walk.failure ? walk.failure->leaf : nullptr;
    if (found.outcome == SearchResult::Outcome::impossible) {
        return unsatisfiable(pool, reasons, leaf);
    }
    const std::vector<PackageId> packages = in_install_order(pool, roots, found.packages);
    const std::vector<std::string> breaches = find_breaches(pool, wanted, packages);
    if (!breaches.empty()) {
        return unsatisfiable(pool, breaches, nullptr);
    }
    return make_resolution(pool, packages, true);
}

}  // namespace quern::repository
