// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/resolver.hpp"

#include "repository/complete_search.hpp"
#include "repository/greedy_walk.hpp"
#include "repository/package_pool.hpp"
#include "repository/refusal.hpp"
#include "repository/resolution.hpp"
#include "repository/soundness.hpp"
#include "repository/triggers.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace quern::repository {

namespace {

using Clock = std::chrono::steady_clock;

/// More reasons than this hide the one that matters.
constexpr std::size_t most_reasons = 24;

Error out_of_time(const ResolveOptions& options) {
    return Error(
               ErrorCode::limit,
               fmt::format(
                   "no set of packages was found within {} s and 512 MiB, nor a proof that there "
                   "is none",
                   options.time_limit.count() / 1000
               )
    )
        .help("--resolve-timeout gives it longer; fewer constraints make it easier");
}

/// Adds what wants to be there because of what was found, where it fits beside it.
void add_triggered(PackagePool& pool, std::span<const Relation> world, CompleteSearch& search) {
    for (const PackageId id : find_triggered(pool, world, search.packages())) {
        static_cast<void>(search.extend(id));  // one that does not fit is not needed by anybody
    }
}

/// What a search changed of the walk's choice, in words.
std::vector<std::string> notes_of(
    const PackagePool& pool,
    const std::vector<std::string>& reasons,
    std::span<const PackageId> first,
    std::span<const PackageId> found
) {
    constexpr std::size_t most_told = 3;
    std::vector<std::string> notes;
    for (std::size_t i = 0; i < std::min(reasons.size(), most_told); ++i) {
        notes.push_back("the first choice does not hold together: " + printable(reasons[i]));
    }
    if (reasons.size() > most_told) {
        notes.push_back(fmt::format("and {} more breaches", reasons.size() - most_told));
    }
    std::map<NameId, PackageId> by_name;
    for (const PackageId id : found) {
        by_name.emplace(pool.name(id), id);
    }
    for (const PackageId id : first) {
        const auto now = by_name.find(pool.name(id));
        if (now == by_name.end()) {
            notes.push_back(fmt::format("left out: {}", pool.label(id)));
        } else if (now->second != id) {
            notes.push_back(
                fmt::format("{} in the place of {}", pool.label(now->second), pool.label(id))
            );
        }
    }
    return notes;
}

}  // namespace

Result<std::vector<apk::Dependency>> parse_world(std::span<const std::string> texts) {
    std::vector<apk::Dependency> world;
    for (const std::string& text : texts) {
        auto dependency = apk::Dependency::parse(text);
        if (const std::size_t end = text.find("=="); !dependency && end != std::string::npos) {
            // The reference takes an operator that it does not know for any version.
            dependency = apk::Dependency::parse(std::string_view(text).substr(0, end));
        }
        if (!dependency) {
            return Error(
                       ErrorCode::invalid_data,
                       fmt::format("'{}' is no package name or constraint", printable(text))
            )
                .help("write name, name=1.2-r3, name>1.2, name~1.2 or !name");
        }
        world.push_back(std::move(*dependency));
    }
    return world;
}

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

Result<std::variant<SearchedSet, Refusal>> decide_in(
    PackagePool& pool, std::span<const Relation> world, const ResolveOptions& options
) {
    SearchedSet set;
    set.deadline = Clock::now() + options.time_limit;
    WalkResult walk = GreedyWalk(pool, world).run();
    std::vector<std::string> reasons;
    if (walk.failure) {
        reasons = {*walk.failure};
    } else {
        reasons = find_breaches(pool, world, walk.packages);
        if (reasons.empty()) {
            set.packages = std::move(walk.packages);
            return {std::move(set)};
        }
    }
    CompleteSearch search(pool, world, {set.deadline, walk.packages});
    const CompleteSearch::Outcome outcome = search.run();
    if (outcome == CompleteSearch::Outcome::out_of_time) {
        return out_of_time(options);
    }
    if (outcome == CompleteSearch::Outcome::impossible) {
        return {make_refusal(pool, search.contradiction())};
    }
    add_triggered(pool, world, search);
    QUERN_ASSERT(find_breaches(pool, world, search.packages()).empty());
    set.packages = search.packages();
    set.used_search = true;
    set.notes = notes_of(pool, reasons, walk.packages, set.packages);
    return {std::move(set)};
}

/// Tags of the world that no repository has: such a package comes from one without a tag.
std::vector<std::string> tag_notes(
    std::span<const apk::Dependency> world, std::span<const RepositoryIndex> indexes
) {
    std::vector<std::string> notes;
    for (const apk::Dependency& wanted : world) {
        const auto has_tag = [&](const RepositoryIndex& index) {
            return index.location.tag == wanted.tag;
        };
        if (!wanted.tag.empty() && std::none_of(indexes.begin(), indexes.end(), has_tag)) {
            notes.push_back(fmt::format(
                "no repository is tagged @{0}: {1} is looked for in those without a tag",
                printable(wanted.tag),
                printable(wanted.to_string())
            ));
        }
    }
    return notes;
}

Result<std::variant<Resolution, Refusal>> decide(
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options
) {
    PackagePool pool(indexes, options.peers);
    const std::vector<Relation> wanted = make_world(pool, world);
    QUERN_TRY(auto decision, decide_in(pool, wanted, options));
    if (auto* refusal = std::get_if<Refusal>(&decision)) {
        return {std::move(*refusal)};
    }
    auto& set = std::get<SearchedSet>(decision);
    Resolution resolution;
    resolution.used_search = set.used_search;
    resolution.notes = tag_notes(world, indexes);
    resolution.notes.insert(resolution.notes.end(), set.notes.begin(), set.notes.end());
    for (const PackageId id : set.packages) {
        resolution.packages.push_back(pool.select(id));
    }
    return {std::move(resolution)};
}

Result<Resolution> resolve(
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options
) {
    QUERN_TRY(auto decision, decide(world, indexes, options));
    if (const auto* refusal = std::get_if<Refusal>(&decision)) {
        return to_error(*refusal);
    }
    return std::get<Resolution>(std::move(decision));
}

Error to_error(const Refusal& refusal) {
    std::string text = "no set of packages fits:";
    for (std::size_t i = 0; i < std::min(refusal.reasons.size(), most_reasons); ++i) {
        text += "\n  " + refusal.reasons[i].text;
    }
    if (refusal.reasons.size() > most_reasons) {
        text += fmt::format("\n  and {} more", refusal.reasons.size() - most_reasons);
    }
    return Error(ErrorCode::unsatisfiable, std::move(text)).help(refusal.help);
}

}  // namespace quern::repository
