// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_checkout.hpp"
#include "fetch/git_functions.hpp"
#include "fetch/git_request.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>
#include <utility>

namespace quern::fetch {

namespace {

using Repository = Handle<git_repository, git_repository_free>;
using Commit = Handle<git_commit, git_commit_free>;
using Tree = Handle<git_tree, git_tree_free>;
using Object = Handle<git_object, git_object_free>;
using Reference = Handle<git_reference, git_reference_free>;
using References = Handle<git_reference_iterator, git_reference_iterator_free>;
using Packer = Handle<git_packbuilder, git_packbuilder_free>;
using GitIndex = Handle<git_index, git_index_free>;
using Config = Handle<git_config, git_config_free>;

struct IdOrder {
    bool operator()(const git_oid& a, const git_oid& b) const { return git_oid_cmp(&a, &b) < 0; }
};
using IdSet = std::set<git_oid, IdOrder>;

/// Makes a `.git` of its own out of a part of the mirror.
class DirectoryWriter {
 public:
    explicit DirectoryWriter(const ChosenCommit& chosen) : chosen_(chosen) {}
    Result<void> make(const std::filesystem::path& work);
    Result<void> copy(const std::filesystem::path& work, const FileTree& destination) const;

 private:
    Result<void> check(int status, std::string_view action) const {
        return check_git(status, chosen_.request, chosen_.cancel, action);
    }
    Result<void> collect_history();
    Result<void> pack(const std::filesystem::path& git_directory);
    Result<void> add_tags();
    Result<void> set_references();
    Result<void> set_reference(const std::string& name, const git_oid& id);
    Result<void> write_index();
    Result<void> leave_out_of_index(git_index* index) const;
    Result<void> write_cone(const std::filesystem::path& git_directory) const;
    Result<void> write_settings();
    Result<void> copy_file(
        const FileTree& from, const TreeEntry& entry, const FileTree& destination
    ) const;

    const ChosenCommit& chosen_;
    Repository fresh_;
    git_oid head_{};
    std::int64_t date_ = 0;
    IdSet commits_;
    IdSet boundary_;  ///< commits whose parents are left out
    std::vector<std::pair<std::string, git_oid>> tags_;
};

/// Breadth first to the depth that was asked for.
Result<void> DirectoryWriter::collect_history() {
    const int asked = effective_depth(chosen_.request);
    const int depth = asked == -1 ? -1 : asked + chosen_.cherry_picks;
    std::vector<git_oid> level{head_};
    commits_.insert(head_);
    for (int number = 1; !level.empty(); ++number) {
        QUERN_CHECK(chosen_.cancel.check());
        std::vector<git_oid> next;
        for (const git_oid& id : level) {
            git_commit* found = nullptr;
            QUERN_CHECK(check(git_commit_lookup(&found, chosen_.mirror, &id), "reading the history")
            );
            const Commit commit(found);
            const unsigned parents = git_commit_parentcount(commit.get());
            if (number == depth && parents > 0) {
                boundary_.insert(id);
                continue;
            }
            for (unsigned i = 0; i < parents; ++i) {
                const git_oid& parent = *git_commit_parent_id(commit.get(), i);
                if (commits_.insert(parent).second) {
                    next.push_back(parent);
                }
            }
        }
        level = std::move(next);
    }
    return {};
}

/// Tags of commits that are there, so that `git describe` finds what it would find in a clone.
Result<void> DirectoryWriter::add_tags() {
    git_reference_iterator* made = nullptr;
    QUERN_CHECK(
        check(git_reference_iterator_glob_new(&made, chosen_.mirror, "refs/tags/*"), "listing tags")
    );
    const References iterator(made);
    git_reference* next = nullptr;
    const std::string wanted = "refs/tags/" + chosen_.request.tag;
    while (git_reference_next(&next, iterator.get()) == 0) {
        const Reference reference(next);
        const std::string name = git_reference_name(reference.get());
        git_object* peeled = nullptr;
        const bool is_ours = effective_depth(chosen_.request) == -1 || name == wanted;
        if (!is_ours || git_reference_peel(&peeled, reference.get(), GIT_OBJECT_COMMIT) < 0) {
            continue;
        }
        const Object commit(peeled);
        const git_oid* target = git_reference_target(reference.get());
        if (target != nullptr && commits_.contains(*git_object_id(commit.get()))) {
            tags_.emplace_back(name, *target);
        }
    }
    return {};
}

Result<void> DirectoryWriter::pack(const std::filesystem::path& git_directory) {
    git_packbuilder* made = nullptr;
    QUERN_CHECK(check(git_packbuilder_new(&made, chosen_.mirror), "packing"));
    const Packer packer(made);
    git_packbuilder_set_threads(packer.get(), 1);
    for (const git_oid& id : commits_) {
        QUERN_CHECK(chosen_.cancel.check());
        QUERN_CHECK(check(git_packbuilder_insert_commit(packer.get(), &id), "packing"));
    }
    for (const auto& [name, id] : tags_) {
        if (!commits_.contains(id)) {
            QUERN_CHECK(check(git_packbuilder_insert(packer.get(), &id, nullptr), "packing"));
        }
    }
    const std::filesystem::path directory = git_directory / "objects" / "pack";
    return check(
        git_packbuilder_write(packer.get(), directory.c_str(), 0644, nullptr, nullptr), "packing"
    );
}

Result<void> DirectoryWriter::set_reference(const std::string& name, const git_oid& id) {
    git_reference* made = nullptr;
    const int status = git_reference_create(&made, fresh_.get(), name.c_str(), &id, 1, nullptr);
    const Reference reference(made);
    return check(status, "setting " + printable(name));
}

Result<void> DirectoryWriter::set_references() {
    const GitRequest& request = chosen_.request;
    for (const auto& [name, id] : tags_) {
        QUERN_CHECK(set_reference(name, id));
        if (!request.tag.empty() && name == "refs/tags/" + request.tag) {
            QUERN_CHECK(set_reference("refs/origin/tags/" + request.tag, id));
        }
    }
    if (request.branch.empty()) {
        return check(git_repository_set_head_detached(fresh_.get(), &head_), "setting HEAD");
    }
    QUERN_CHECK(set_reference("refs/remotes/origin/" + request.branch, head_));
    QUERN_CHECK(set_reference("refs/heads/" + request.branch, head_));
    return check(
        git_repository_set_head(fresh_.get(), ("refs/heads/" + request.branch).c_str()),
        "setting HEAD"
    );
}

/// What is outside of the cone is marked, so that git does not miss it.
Result<void> DirectoryWriter::leave_out_of_index(git_index* index) const {
    for (std::size_t i = 0; i < git_index_entrycount(index); ++i) {
        const git_index_entry* entry = git_index_get_byindex(index, i);
        if (chosen_.cone.has_file(entry->path)) {
            continue;
        }
        git_index_entry marked = *entry;
        marked.flags |= GIT_INDEX_ENTRY_EXTENDED;
        marked.flags_extended |= GIT_INDEX_ENTRY_SKIP_WORKTREE;
        QUERN_CHECK(check(git_index_add(index, &marked), "making an index"));
    }
    return {};
}

/// So that `git status` and `git am` see a clean tree.
Result<void> DirectoryWriter::write_index() {
    git_commit* found = nullptr;
    git_tree* root = nullptr;
    git_index* opened = nullptr;
    QUERN_CHECK(check(git_commit_lookup(&found, fresh_.get(), &head_), "reading the commit"));
    const Commit commit(found);
    date_ = git_commit_time(commit.get());
    QUERN_CHECK(check(git_commit_tree(&root, commit.get()), "reading the commit"));
    const Tree tree(root);
    QUERN_CHECK(check(git_repository_index(&opened, fresh_.get()), "making an index"));
    const GitIndex index(opened);
    QUERN_CHECK(check(git_index_read_tree(index.get(), tree.get()), "making an index"));
    QUERN_CHECK(leave_out_of_index(index.get()));
    return check(git_index_write(index.get()), "making an index");
}

Result<void> DirectoryWriter::write_settings() {
    git_config* opened = nullptr;
    QUERN_CHECK(check(git_repository_config(&opened, fresh_.get()), "writing settings"));
    const Config config(opened);
    const std::string address = redact_url(chosen_.request.repository);
    const std::array<std::pair<const char*, const char*>, 5> settings = {{
        {"user.name", "quern"},
        {"user.email", "quern@localhost"},
        {"advice.detachedHead", "false"},
        {"remote.origin.url", address.c_str()},
        {"remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"},
    }};
    for (const auto& [name, value] : settings) {
        QUERN_CHECK(check(git_config_set_string(config.get(), name, value), "writing settings"));
    }
    if (!chosen_.cone.is_everything()) {
        for (const char* name : {"core.sparseCheckout", "core.sparseCheckoutCone"}) {
            QUERN_CHECK(check(git_config_set_bool(config.get(), name, 1), "writing settings"));
        }
    }
    return {};
}

/// Parents of the directories that were asked for, with their files only, then those themselves.
/// Source: git-sparse-checkout(1), "Internals - cone pattern set".
Result<void> DirectoryWriter::write_cone(const std::filesystem::path& git_directory) const {
    if (chosen_.cone.is_everything()) {
        return {};
    }
    std::set<std::string> parents;
    for (const std::string& directory : chosen_.cone.directories()) {
        for (std::size_t at = directory.find('/'); at != std::string::npos;
             at = directory.find('/', at + 1)) {
            parents.insert(directory.substr(0, at));
        }
    }
    std::string text = "/*\n!/*/\n";
    for (const std::string& parent : parents) {
        text += fmt::format("/{0}/\n!/{0}/*/\n", parent);
    }
    for (const std::string& directory : chosen_.cone.directories()) {
        text += fmt::format("/{}/\n", directory);
    }
    std::error_code failure;
    std::filesystem::create_directories(git_directory / "info", failure);
    return write_file_atomically(git_directory / "info" / "sparse-checkout", text);
}

Result<void> DirectoryWriter::make(const std::filesystem::path& work) {
    git_oid_fromstr(&head_, chosen_.commit.c_str());
    git_repository* made = nullptr;
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
    QUERN_CHECK(check(git_repository_init_ext(&made, work.c_str(), &options), "making a repository")
    );
    fresh_.reset(made);
    QUERN_CHECK(collect_history());
    QUERN_CHECK(add_tags());
    QUERN_CHECK(pack(work / ".git"));
    if (!boundary_.empty()) {
        std::string shallow;
        for (const git_oid& id : boundary_) {
            shallow += hex_of(id) + "\n";
        }
        QUERN_CHECK(write_file_atomically(work / ".git" / "shallow", shallow));
    }
    QUERN_CHECK(set_references());
    QUERN_CHECK(write_index());
    QUERN_CHECK(write_cone(work / ".git"));
    return write_settings();
}

Result<void> DirectoryWriter::copy_file(
    const FileTree& from, const TreeEntry& entry, const FileTree& destination
) const {
    const std::string path = ".git/" + entry.path;
    if (S_ISDIR(entry.status.st_mode)) {
        return destination.make_directories(path);
    }
    if (!S_ISREG(entry.status.st_mode)) {
        return {};
    }
    QUERN_TRY(const UniqueFd in, from.open_file(entry.path));
    QUERN_TRY(const auto place, destination.open_parent(path));
    const UniqueFd out(::openat(
        place.first.get(),
        place.second.c_str(),
        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
        S_IRUSR | S_IWUSR
    ));
    std::vector<char> buffer(std::size_t{1} << 17U);
    ssize_t count = out ? 1 : -1;
    while (count > 0) {
        count = ::read(in.get(), buffer.data(), buffer.size());
        if (count > 0) {
            QUERN_CHECK(write_all(out.get(), {buffer.data(), static_cast<std::size_t>(count)}));
        }
    }
    if (count < 0 || ::fchmod(out.get(), 0644) != 0) {
        const int err = errno;
        return Error::system(err, "writing " + path);
    }
    return {};
}

Result<void> DirectoryWriter::copy(const std::filesystem::path& work, const FileTree& destination)
    const {
    QUERN_CHECK(destination.remove(".git"));
    QUERN_CHECK(destination.make_directories(".git"));
    QUERN_TRY(const FileTree from, FileTree::open(work / ".git"));
    QUERN_CHECK(from.walk("", [&](const TreeEntry& entry) {
        return copy_file(from, entry, destination);
    }));
    const GuestIds& owner = chosen_.request.owner;
    QUERN_CHECK(destination.walk(".git", [&](const TreeEntry& entry) {
        return give_to_guest(entry.parent_fd, std::string(entry.name()), owner, date_);
    }));
    return give_to_guest(destination.fd(), ".git", owner, date_);
}

}  // namespace

Result<void> write_git_directory(
    const ChosenCommit& chosen, const FileTree& destination, const std::filesystem::path& scratch
) {
    QUERN_TRY(const TempDir directory, TempDir::create(scratch, "checkout."));
    DirectoryWriter writer(chosen);
    QUERN_CHECK(writer.make(directory.path()));
    return writer.copy(directory.path(), destination);
}

}  // namespace quern::fetch
