// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_checkout.hpp"
#include "fetch/git_functions.hpp"
#include "fetch/git_modules.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace quern::fetch {

namespace {

using Commit = Handle<git_commit, git_commit_free>;
using Tree = Handle<git_tree, git_tree_free>;
using Entry = Handle<git_tree_entry, git_tree_entry_free>;
using Blob = Handle<git_blob, git_blob_free>;

// The file names and addresses that a commit has for its submodules.
Result<std::map<std::string, std::string>> read_modules(
    const git_tree* tree, const ChosenCommit& chosen
) {
    git_tree_entry* found = nullptr;
    if (git_tree_entry_bypath(&found, tree, ".gitmodules") < 0) {
        return std::map<std::string, std::string>();
    }
    const Entry entry(found);
    git_blob* read = nullptr;
    QUERN_CHECK(check_git(
        git_blob_lookup(&read, chosen.mirror, git_tree_entry_id(entry.get())),
        chosen.request,
        chosen.cancel,
        "reading .gitmodules"
    ));
    const Blob blob(read);
    return parse_git_modules(
        {static_cast<const char*>(git_blob_rawcontent(blob.get())),
         static_cast<std::size_t>(git_blob_rawsize(blob.get()))}
    );
}

// git_tree_walk gives the directory of an entry with a slash behind, and the entry.
int collect(const char* directory, const git_tree_entry* entry, void* user) {
    if (git_tree_entry_type(entry) == GIT_OBJECT_COMMIT) {
        static_cast<std::map<std::string, std::string>*>(user)->emplace(
            std::string(directory) + git_tree_entry_name(entry), hex_of(*git_tree_entry_id(entry))
        );
    }
    return 0;
}

}  // namespace

Result<std::vector<Submodule>> find_submodules(const ChosenCommit& chosen) {
    const auto check = [&](int status) {
        return check_git(status, chosen.request, chosen.cancel, "reading submodules");
    };
    git_oid id;
    git_commit* found = nullptr;
    git_tree* root = nullptr;
    git_oid_fromstr(&id, chosen.commit.c_str());
    QUERN_CHECK(check(git_commit_lookup(&found, chosen.mirror, &id)));
    const Commit commit(found);
    QUERN_CHECK(check(git_commit_tree(&root, commit.get())));
    const Tree tree(root);
    std::map<std::string, std::string> commits;
    QUERN_CHECK(check(git_tree_walk(tree.get(), GIT_TREEWALK_PRE, collect, &commits)));
    QUERN_TRY(const auto addresses, read_modules(tree.get(), chosen));
    std::vector<Submodule> submodules;
    for (auto& [path, hex] : commits) {
        if (!chosen.cone.has_directory(path)) {
            continue;
        }
        const auto address = addresses.find(path);
        if (address == addresses.end()) {
            return Error(
                ErrorCode::invalid_data,
                fmt::format(
                    "git repository {}: .gitmodules has no address for the submodule '{}'",
                    redact_url(chosen.request.repository),
                    printable(path)
                )
            );
        }
        QUERN_TRY(
            std::string full, resolve_module_address(address->second, chosen.request.repository)
        );
        submodules.push_back({path, std::move(full), std::move(hex)});
    }
    return submodules;
}

}  // namespace quern::fetch
