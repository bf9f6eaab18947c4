// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/closure.hpp"

#include "repository/package_pool.hpp"
#include "repository/resolution.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace quern::repository {

namespace {

/// For one package; those of real distributions take a thousandth of it.
constexpr std::chrono::seconds time_for_package{1};

bool has_provider(const PackagePool& pool, const Relation& relation) {
    const auto all = pool.candidates(relation.name);
    return std::any_of(all.begin(), all.end(), [&](PackageId id) {
        return pool.satisfies(id, relation);
    });
}

std::string join(const std::vector<Reason>& reasons) {
    std::string text;
    for (const Reason& reason : reasons) {
        text += (text.empty() ? "" : "; ") + reason.text;
    }
    return text;
}

/// Whether the refusal only says again that another package lacks something.
bool is_known(const Refusal& refusal, const std::set<std::string, std::less<>>& unmet) {
    return std::any_of(refusal.reasons.begin(), refusal.reasons.end(), [&](const Reason& reason) {
        return unmet.contains(reason.relation);
    });
}

std::string file_name(const PackagePool& pool, PackageId id) {
    return pool.label(id) + ".apk";
}

}  // namespace

std::vector<Finding> check_closure(std::span<const RepositoryIndex> indexes) {
    PackagePool pool(indexes);
    std::vector<Finding> findings;
    std::set<std::string, std::less<>> unmet;
    std::vector<PackageId> whole;
    for (PackageId id = 0; id < pool.size() && pool.index_number(id) == 0; ++id) {
        const std::size_t before = findings.size();
        for (const Relation& relation : pool.depends(id)) {
            if (!relation.is_conflict && !has_provider(pool, relation)) {
                unmet.emplace(relation.text);
                findings.push_back(
                    {"unmet-dependency",
                     file_name(pool, id),
                     fmt::format(
                         "it needs {}, and nothing provides that", printable(relation.text)
                     )}
                );
            }
        }
        if (findings.size() == before) {
            whole.push_back(id);
        }
    }
    for (const PackageId id : whole) {
        const Relation world = pool.exactly(id);
        ResolveOptions options;
        options.time_limit = time_for_package;
        const auto decision = decide_in(pool, std::span(&world, 1), options);
        const auto* refusal = decision ? std::get_if<Refusal>(&*decision) : nullptr;
        if (!decision) {
            findings.push_back({"not-installable", file_name(pool, id), decision.error().message()}
            );
        } else if (refusal != nullptr && !is_known(*refusal, unmet)) {
            findings.push_back({"not-installable", file_name(pool, id), join(refusal->reasons)});
        }
    }
    return findings;
}

}  // namespace quern::repository
