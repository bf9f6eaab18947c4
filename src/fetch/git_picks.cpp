// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Cherry-picks are made in memory: libgit2 merges trees, no file is touched and no merge driver or
// filter of the repository is run.
#include "fetch/git_checkout.hpp"
#include "fetch/git_functions.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace quern::fetch {

namespace {

using Commit = Handle<git_commit, git_commit_free>;
using Object = Handle<git_object, git_object_free>;
using Tree = Handle<git_tree, git_tree_free>;
using GitIndex = Handle<git_index, git_index_free>;
using Signature = Handle<git_signature, git_signature_free>;

// Source: recipe-and-build 5.1, git-checkout: not before the first date that a zip archive knows.
constexpr std::int64_t earliest_date = 315'532'800;

Commit find_commit(git_repository* mirror, const std::string& hex) {
    git_oid id;
    git_commit* found = nullptr;
    if (git_oid_fromstrn(&id, hex.data(), hex.size()) < 0 ||
        git_commit_lookup_prefix(&found, mirror, &id, hex.size()) < 0) {
        return nullptr;
    }
    return Commit(found);
}

class Picker {
 public:
    Picker(const ChosenCommit& base, const CherryPick& pick) : base_(base), pick_(pick) {}

    Result<std::string> run() {
        const Commit ours = find_commit(base_.mirror, base_.commit);
        const Commit picked = find_commit(base_.mirror, pick_.commit);
        if (!ours || !picked) {
            return failure(ErrorCode::not_found, "there is no such commit")
                .help("name the branch that has it: 'branch/commit: comment'");
        }
        git_index* made = nullptr;
        const git_merge_options options = GIT_MERGE_OPTIONS_INIT;
        QUERN_CHECK(
            check(git_cherrypick_commit(&made, base_.mirror, picked.get(), ours.get(), 0, &options))
        );
        const GitIndex index(made);
        if (git_index_has_conflicts(index.get()) != 0) {
            return failure(ErrorCode::invalid_data, "it does not apply");
        }
        git_oid tree_id;
        QUERN_CHECK(check(git_index_write_tree_to(&tree_id, index.get(), base_.mirror)));
        if (git_oid_equal(&tree_id, git_commit_tree_id(ours.get())) != 0) {
            return failure(ErrorCode::invalid_data, "it changes nothing: its change is there");
        }
        return commit(*ours, *picked, tree_id);
    }

 private:
    Result<void> check(int status) const {
        return check_git(
            status, base_.request, base_.cancel, "picking " + pick_.commit, ErrorCode::invalid_data
        );
    }
    Error failure(ErrorCode code, std::string_view what) const {
        return {
            code,
            fmt::format(
                "git repository {}: picking {}: {}",
                redact_url(base_.request.repository),
                pick_.commit,
                what
            )};
    }

    Result<std::string> commit(
        const git_commit& ours, const git_commit& picked, const git_oid& tree_id
    ) const {
        git_tree* found = nullptr;
        QUERN_CHECK(check(git_tree_lookup(&found, base_.mirror, &tree_id)));
        const Tree tree(found);
        git_signature* made = nullptr;
        const std::int64_t date = std::max(base_.request.committer_date, earliest_date);
        QUERN_CHECK(check(git_signature_new(&made, "quern", "quern@localhost", date, 0)));
        const Signature committer(made);
        const std::string message = fmt::format(
            "{}\n\n(cherry picked from commit {})\n",
            trim(git_commit_message(&picked)),
            hex_of(*git_commit_id(&picked))
        );
        const std::array<const git_commit*, 1> parents = {&ours};
        git_oid result;
        QUERN_CHECK(check(git_commit_create(
            &result,
            base_.mirror,
            nullptr,
            git_commit_author(&picked),
            committer.get(),
            git_commit_message_encoding(&picked),
            message.c_str(),
            tree.get(),
            parents.size(),
            const_cast<const git_commit**>(parents.data())
        )));
        return hex_of(result);
    }

    const ChosenCommit& base_;
    const CherryPick& pick_;
};

}  // namespace

bool has_pick(git_repository* mirror, const CherryPick& pick) {
    const Commit found = find_commit(mirror, pick.commit);
    git_commit* parent = nullptr;
    if (!found || git_commit_parent(&parent, found.get(), 0) < 0) {
        return false;
    }
    const Commit held(parent);
    return true;
}

Result<std::string> apply_cherry_pick(const ChosenCommit& base, const CherryPick& pick) {
    return Picker(base, pick).run();
}

}  // namespace quern::fetch
