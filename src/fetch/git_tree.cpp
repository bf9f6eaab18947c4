// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_checkout.hpp"
#include "fetch/git_functions.hpp"
#include "fetch/git_request.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace quern::fetch {

namespace {

using Commit = Handle<git_commit, git_commit_free>;
using Tree = Handle<git_tree, git_tree_free>;
using Blob = Handle<git_blob, git_blob_free>;
using ObjectStore = Handle<git_odb, git_odb_free>;

constexpr std::size_t largest_blob = std::size_t{2} << 30U;
constexpr std::size_t deepest_tree = 512;
constexpr std::size_t longest_link = 4095;

/// Writes the files of one commit. Directories are held by descriptor, one for each level.
class TreeWriter {
 public:
    explicit TreeWriter(const ChosenCommit& chosen) : chosen_(chosen) {}
    Result<void> write(const FileTree& destination);

 private:
    Result<void> check(int status, const std::string& path) const {
        return check_git(status, chosen_.request, chosen_.cancel, "reading " + printable(path));
    }
    Result<void> write_tree(
        const git_tree* tree, const FileTree& into, const std::string& path, std::size_t depth
    ) const;
    Result<void> write_entry(
        const git_tree_entry* entry,
        const FileTree& into,
        const std::string& path,
        std::size_t depth
    ) const;
    Result<void> write_blob(
        const git_tree_entry* entry, const FileTree& into, const std::string& path
    ) const;

    const ChosenCommit& chosen_;
    std::int64_t date_ = 0;
};

Result<void> TreeWriter::write_blob(
    const git_tree_entry* entry, const FileTree& into, const std::string& path
) const {
    const std::string name = git_tree_entry_name(entry);
    git_odb* opened = nullptr;
    QUERN_CHECK(check(git_repository_odb(&opened, chosen_.mirror), path));
    const ObjectStore objects(opened);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    QUERN_CHECK(
        check(git_odb_read_header(&size, &type, objects.get(), git_tree_entry_id(entry)), path)
    );
    if (size > largest_blob) {
        return Error(
            ErrorCode::limit,
            fmt::format("{} is larger than {}", printable(path), human_size(largest_blob))
        );
    }
    git_blob* found = nullptr;
    QUERN_CHECK(check(git_blob_lookup(&found, chosen_.mirror, git_tree_entry_id(entry)), path));
    const Blob blob(found);
    const std::string_view content(static_cast<const char*>(git_blob_rawcontent(blob.get())), size);
    QUERN_CHECK(into.remove(name));  // a link of an earlier source must not be written through
    switch (git_tree_entry_filemode(entry)) {
        case GIT_FILEMODE_LINK:
            if (content.empty() || content.size() > 4095 ||
                content.find('\0') != std::string_view::npos) {
                return Error(
                    ErrorCode::invalid_data, fmt::format("{} is not a link", printable(path))
                );
            }
            QUERN_CHECK(into.make_symlink(name, std::string(content)));
            break;
        case GIT_FILEMODE_BLOB_EXECUTABLE:
            QUERN_CHECK(into.write(name, content, 0755));
            break;
        default:
            QUERN_CHECK(into.write(name, content, 0644));
            break;
    }
    return give_to_guest(into.fd(), name, chosen_.request.owner, date_);
}

Result<void> TreeWriter::write_entry(
    const git_tree_entry* entry, const FileTree& into, const std::string& path, std::size_t depth
) const {
    const std::string name = git_tree_entry_name(entry);
    const git_object_t type = git_tree_entry_type(entry);
    if (type == GIT_OBJECT_BLOB) {
        return write_blob(entry, into, path);
    }
    // A submodule (a commit) is an empty directory until it is asked for.
    auto status = into.status(name);
    if (status && !S_ISDIR(status->st_mode)) {
        QUERN_CHECK(into.remove(name));
    }
    QUERN_CHECK(into.make_directories(name));
    if (type == GIT_OBJECT_TREE) {
        git_tree* found = nullptr;
        QUERN_CHECK(check(git_tree_lookup(&found, chosen_.mirror, git_tree_entry_id(entry)), path));
        const Tree tree(found);
        QUERN_TRY(const FileTree below, into.subtree(name));
        QUERN_CHECK(write_tree(tree.get(), below, path, depth + 1));
    }
    return give_to_guest(into.fd(), name, chosen_.request.owner, date_);
}

Result<void> TreeWriter::write_tree(
    const git_tree* tree, const FileTree& into, const std::string& path, std::size_t depth
) const {
    if (depth > deepest_tree) {
        return Error(
            ErrorCode::limit,
            fmt::format(
                "git repository {}: directories deeper than {}",
                redact_url(chosen_.request.repository),
                deepest_tree
            )
        );
    }
    for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
        QUERN_CHECK(chosen_.cancel.check());
        const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
        const std::string name = git_tree_entry_name(entry);
        const std::string below = path.empty() ? name : path + "/" + name;
        if (is_hostile_entry_name(name)) {
            return Error(
                ErrorCode::invalid_data,
                fmt::format(
                    "git repository {}: refused the path '{}'",
                    redact_url(chosen_.request.repository),
                    printable(below)
                )
            );
        }
        const bool is_file = git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
        if (is_file ? chosen_.cone.has_file(below) : chosen_.cone.has_directory(below)) {
            QUERN_CHECK(write_entry(entry, into, below, depth));
        }
    }
    return {};
}

Result<void> TreeWriter::write(const FileTree& destination) {
    git_oid id;
    git_commit* found = nullptr;
    git_oid_fromstr(&id, chosen_.commit.c_str());
    QUERN_CHECK(check(git_commit_lookup(&found, chosen_.mirror, &id), "the commit"));
    const Commit commit(found);
    date_ = git_commit_time(commit.get());
    git_tree* root = nullptr;
    QUERN_CHECK(check(git_commit_tree(&root, commit.get()), "the commit"));
    const Tree tree(root);
    return write_tree(tree.get(), destination, "", 0);
}

}  // namespace

Result<void> write_git_files(const ChosenCommit& chosen, const FileTree& destination) {
    return TreeWriter(chosen).write(destination);
}

Result<void> give_to_guest(
    int parent, const std::string& name, const GuestIds& owner, std::int64_t date
) {
    const std::array<timespec, 2> times = {timespec{date, 0}, timespec{date, 0}};
    const bool is_owned =
        owner.count == 1 ||
        ::fchownat(parent, name.c_str(), owner.first, owner.first, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_owned || ::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("setting the owner of {}", printable(name)));
    }
    return {};
}

}  // namespace quern::fetch
