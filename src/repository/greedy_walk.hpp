// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/package_pool.hpp"

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace quern::repository {

/// Why the walk stopped, one reason a line, from the world to the leaf.
struct WalkFailure {
    std::vector<std::string> lines;
    const Relation* leaf = nullptr;  ///< what nothing does
    bool has_given_up = false;  ///< too many steps: shared names can multiply the ways without end
};

/// What the walk came to: packages in install order, or a failure.
struct WalkResult {
    std::vector<PackageId> packages;
    std::vector<PackageId> triggered;  ///< those that came by install_if
    std::optional<WalkFailure> failure;
};

/// Whether a package was put out of the running, and by what.
struct Exclusion {
    enum class Kind : std::uint8_t { none, excluded, unfit_version, unfit_provide, other_provider };
    Kind kind = Kind::none;
    std::string_view relation;  ///< text of what excluded it
    PackageId other = no_id;    ///< package that did
    NameId name = no_id;
};

/// Chooses packages without ever going back: the order of choice decides. The answer may break a
/// dependency; the caller checks. Source: image-and-resolver 3.8, steps 1 to 4.
class GreedyWalk {
 public:
    GreedyWalk(PackagePool& pool, std::span<const Relation> world);
    WalkResult run();

    /// Words for why a package is out of the running; empty if it is not.
    std::string reason_against(PackageId id) const;

 private:
    struct Frame {
        PackageId package = no_id;
        const Relation* reason = nullptr;
        std::vector<const Relation*> remaining;
        std::vector<PackageId> winners;  ///< chosen for its dependencies so far
    };
    using Existing = std::unordered_map<NameId, PackageId>;
    using Origins = std::unordered_map<std::string_view, std::string_view>;

    bool choose_for_world();
    bool walk(const Relation& wanted);
    bool walk_dependencies(PackageId top, const Relation& wanted);
    void push(PackageId package, const Relation& reason);
    void pop();
    /// Drops what is done already; false on failure. The next one to decide goes to `next`.
    bool settle_remaining(Frame& frame, std::string_view pin, const Relation*& next);
    bool is_done_by_selected(const Relation& relation, bool& conflicts) const;
    bool mark_selected(PackageId package);
    void constrain(std::span<const Relation> relations);
    void constrain(const Relation& relation);
    void exclude(PackageId id, Exclusion exclusion);
    void exclude_other_providers(PackageId winner);
    void filter(const Relation& relation, std::string_view pin, PackageId installed);
    PackageId best(NameId name, std::string_view pin) const;
    int compare(PackageId a, PackageId b, NameId name, std::string_view pin) const;
    void add_triggered();
    bool is_triggered(PackageId id, const Existing& present) const;
    void emit(PackageId top);
    bool may_go_on();

    bool fail_without_candidates(const Relation& relation);
    void begin_failure(const Relation& relation);

    PackagePool& pool_;
    std::span<const Relation> world_;
    std::uint64_t steps_ = 0;
    std::vector<Exclusion> exclusions_;
    std::vector<PackageId> selected_;  ///< by name
    std::vector<bool> is_ancestor_;    ///< by name
    std::vector<Frame> stack_;
    std::vector<PackageId> output_;
    std::vector<PackageId> found_;  ///< candidates of the last filter
    Existing chosen_;
    Existing existing_;
    Origins origins_;
    std::vector<bool> is_emitted_;  ///< by name
    WalkResult result_;
};

}  // namespace quern::repository
