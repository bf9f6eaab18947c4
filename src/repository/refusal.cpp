// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/refusal.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace quern::repository {

namespace {

/// More of a kind hide what matters.
constexpr std::size_t most_named = 5;
constexpr std::size_t most_reasons = 200;
constexpr const char* not_for_architecture = "not-for-architecture";

/// "a-1, a-2 and a-3", or "a-1, a-2, a-3, a-4, a-5 and 12 more".
std::string join_some(const std::vector<std::string>& words) {
    const std::size_t named = words.size() <= most_named + 1 ? words.size() : most_named;
    std::string text;
    for (std::size_t i = 0; i < named; ++i) {
        const bool is_last = i + 1 == words.size();
        text += (i == 0 ? "" : is_last ? " and " : ", ") + words[i];
    }
    return named == words.size() ? text : fmt::format("{} and {} more", text, words.size() - named);
}

std::vector<std::string> labels_of(
    const PackagePool& pool, const std::vector<PackageId>& packages
) {
    std::vector<std::string> labels;
    for (const PackageId id : packages) {
        // The same version may stand in several repositories.
        if (std::find(labels.begin(), labels.end(), pool.label(id)) == labels.end()) {
            labels.push_back(pool.label(id));
        }
    }
    return labels;
}

Reason make_reason(std::string rule, std::vector<std::string> packages, std::string text) {
    return {std::move(rule), std::move(packages), {}, printable(text)};
}

class Words {
 public:
    Words(PackagePool& pool, const std::vector<Statement>& statements)
        : pool_(pool), statements_(statements) {}
    Refusal make();

 private:
    void tell_need(const Statement& statement);
    void tell_exclusion(const Statement& statement);
    void tell_rejected(const Contradiction::Part& part);
    bool is_spoken_of(PackageId id) const { return spoken_of_.contains(id); }

    PackagePool& pool_;
    const std::vector<Statement>& statements_;
    std::set<PackageId> spoken_of_;  ///< candidates of some relation here
    Refusal refusal_;
};

void Words::tell_need(const Statement& statement) {
    const Contradiction::Part& first = statement.parts.front();
    if (first.relation->is_conflict) {
        std::vector<PackageId> packages;
        for (const Contradiction::Part& part : statement.parts) {
            packages.insert(packages.end(), part.candidates.begin(), part.candidates.end());
        }
        auto labels = labels_of(pool_, packages);
        const std::string text = fmt::format(
            "{} {} excluded by {} in the world",
            join_some(labels),
            labels.size() == 1 ? "is" : "are",
            first.relation->text
        );
        refusal_.reasons.push_back(make_reason("excluded", std::move(labels), text));
        return;
    }
    std::vector<PackageId> owners;
    for (const Contradiction::Part& part : statement.parts) {
        if (part.owner != no_id) {
            owners.push_back(part.owner);
        }
    }
    auto labels = labels_of(pool_, owners);
    const std::string text = fmt::format(
        "{} need{} {}",
        labels.empty() ? "the world" : join_some(labels),
        labels.size() > 1 ? "" : "s",
        first.relation->text
    );
    refusal_.reasons.push_back(make_reason("needs", std::move(labels), text));
    refusal_.reasons.back().relation = first.relation->text;
    tell_rejected(first);
}

/// Those that have the name and do not fit, where that matters: all if nothing is left, else those
/// that something here wants.
void Words::tell_rejected(const Contradiction::Part& part) {
    std::map<std::string, std::vector<Reason>> by_rule;
    std::set<std::string> seen;
    for (const PackageId id : pool_.candidates(part.relation->name)) {
        const auto& fit = part.candidates;
        const bool is_out = std::find(fit.begin(), fit.end(), id) == fit.end();
        if (is_out && (fit.empty() || is_spoken_of(id)) && seen.insert(pool_.label(id)).second) {
            Reason reason = reason_against(pool_, id, *part.relation);
            by_rule[reason.rule].push_back(std::move(reason));
        }
    }
    if (seen.empty() && part.candidates.empty()) {
        const std::string text = fmt::format("nothing provides {}", part.relation->text);
        refusal_.reasons.push_back(make_reason("nothing-provides", {}, text));
        refusal_.reasons.back().relation = part.relation->text;
        refusal_.help = help_for(pool_, pool_.names().text(part.relation->name));
    }
    if (by_rule.contains(not_for_architecture) && refusal_.help.empty()) {
        refusal_.help = "build it for that architecture too, or leave that architecture out";
    }
    for (auto& [rule, reasons] : by_rule) {
        const std::size_t named = reasons.size() <= most_named + 1 ? reasons.size() : most_named;
        Reason rest{rule, {}, std::string(part.relation->text), {}};
        for (std::size_t i = 0; i < reasons.size(); ++i) {
            if (i < named) {
                refusal_.reasons.push_back(std::move(reasons[i]));
            } else {
                rest.packages.push_back(std::move(reasons[i].packages.front()));
            }
        }
        if (!rest.packages.empty()) {
            rest.text = fmt::format("nor {} more", rest.packages.size());
            refusal_.reasons.push_back(std::move(rest));
        }
    }
}

void Words::tell_exclusion(const Statement& statement) {
    using Kind = ExclusionRule::Kind;
    std::set<PackageId> packages;
    for (const auto& [a, b] : statement.exclusions) {
        packages.insert({a, b});
    }
    const ExclusionRule& rule = statement.rule;
    const std::string_view name = pool_.names().text(rule.name);
    if (rule.kind == Kind::conflict) {
        packages.erase(rule.owner);
        auto labels = labels_of(pool_, {packages.begin(), packages.end()});
        const std::string text = fmt::format(
            "{} does not go with {} ({})",
            pool_.label(rule.owner),
            join_some(labels),
            rule.relation->text
        );
        labels.insert(labels.begin(), pool_.label(rule.owner));
        refusal_.reasons.push_back(make_reason("conflict", std::move(labels), text));
        refusal_.reasons.back().relation = rule.relation->text;
        return;
    }
    auto labels = labels_of(pool_, {packages.begin(), packages.end()});
    const bool is_version = rule.kind == Kind::one_version;
    const std::string text =
        labels.size() < 2 ? fmt::format("{} cannot come from two repositories at once", name)
        : is_version      ? fmt::format("only one of {} can be there", join_some(labels))
                          : fmt::format("only one of {} can stand for {}", join_some(labels), name);
    refusal_.reasons.push_back(
        make_reason(is_version ? "one-version" : "one-provider", std::move(labels), text)
    );
}

Refusal Words::make() {
    for (const Statement& statement : statements_) {
        for (const Contradiction::Part& part : statement.parts) {
            spoken_of_.insert(part.candidates.begin(), part.candidates.end());
        }
    }
    for (const Statement& statement : statements_) {
        if (refusal_.reasons.size() >= most_reasons) {
            refusal_.reasons.push_back(make_reason(
                "more", {}, fmt::format("and more, {} parts in all", statements_.size())
            ));
            break;
        }
        if (statement.parts.empty()) {
            tell_exclusion(statement);
        } else {
            tell_need(statement);
        }
    }
    return std::move(refusal_);
}

}  // namespace

Reason reason_against(const PackagePool& pool, PackageId id, const Relation& relation) {
    const std::string label = pool.label(id);
    if (const std::string_view peer = pool.missing_for(id); !peer.empty()) {
        return make_reason(
            not_for_architecture, {label}, fmt::format("{} is not there for {}", label, peer)
        );
    }
    if (pool.satisfies(id, relation)) {
        return make_reason(
            "other-repository",
            {label},
            fmt::format("{} is only in the repository @{}", label, pool.tag(id))
        );
    }
    const std::string_view version = pool.version_for(id, relation.name);
    std::string text = fmt::format("{} does not satisfy {}", label, relation.text);
    if (pool.name(id) != relation.name) {
        const std::string_view name = pool.names().text(relation.name);
        text = version.empty() ? fmt::format("{} provides {} without a version", label, name)
                               : fmt::format(
                                     "{} provides {}={}, which does not satisfy {}",
                                     label,
                                     name,
                                     version,
                                     relation.text
                                 );
    }
    Reason reason = make_reason("does-not-satisfy", {label}, text);
    reason.relation = relation.text;
    return reason;
}

std::string help_for(const PackagePool& pool, std::string_view wanted) {
    for (const char* prefix : {"cmd:", "so:", "pc:"}) {
        const NameId name = pool.names().find(prefix + std::string(wanted));
        if (name != no_id && !pool.candidates(name).empty()) {
            const std::string_view provider = pool.package_name(pool.candidates(name).front());
            return printable(fmt::format("{}{} is provided by {}", prefix, wanted, provider));
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

Refusal make_refusal(PackagePool& pool, const Contradiction& contradiction) {
    return Words(pool, minimal_statements(pool, contradiction)).make();
}

}  // namespace quern::repository
