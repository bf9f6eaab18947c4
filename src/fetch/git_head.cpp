// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_head.hpp"

#include "fetch/git_functions.hpp"
#include "support/handle.hpp"

namespace quern::fetch {

namespace {

using Repository = Handle<git_repository, git_repository_free>;
using Object = Handle<git_object, git_object_free>;
using TreeEntry = Handle<git_tree_entry, git_tree_entry_free>;
using Blob = Handle<git_blob, git_blob_free>;

constexpr git_object_size_t max_blob = git_object_size_t{16} << 20U;

}  // namespace

struct GitHead::State {
    Repository repository;
    Object tree;
    std::filesystem::path root;
};

GitHead::GitHead(std::unique_ptr<State> state) : state_(std::move(state)) {}
GitHead::GitHead(GitHead&&) noexcept = default;
GitHead& GitHead::operator=(GitHead&&) noexcept = default;
GitHead::~GitHead() = default;

std::optional<GitHead> GitHead::open(
    const GitLibrary& library, const std::filesystem::path& directory
) {
    if (!library.start()) {
        return std::nullopt;
    }
    auto state = std::make_unique<State>();
    git_repository* repository = nullptr;
    if (git_repository_open_ext(&repository, directory.c_str(), 0, nullptr) != 0) {
        return std::nullopt;
    }
    state->repository.reset(repository);
    const char* const root = git_repository_workdir(repository);
    git_object* tree = nullptr;
    if (root == nullptr || git_revparse_single(&tree, repository, "HEAD^{tree}") != 0) {
        return std::nullopt;
    }
    state->tree.reset(tree);
    std::error_code failure;
    state->root = std::filesystem::canonical(root, failure);
    return failure ? std::nullopt : std::optional(GitHead(std::move(state)));
}

const std::filesystem::path& GitHead::root() const {
    return state_->root;
}

std::optional<std::string> GitHead::read(const std::filesystem::path& path) const {
    const std::string relative = path.lexically_relative(state_->root).generic_string();
    if (relative.empty() || relative.starts_with("..")) {
        return std::nullopt;
    }
    // The handle owns a tree: that is what was asked for.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    auto* const tree = reinterpret_cast<git_tree*>(state_->tree.get());
    git_tree_entry* entry = nullptr;
    if (git_tree_entry_bypath(&entry, tree, relative.c_str()) != 0) {
        return std::nullopt;
    }
    const TreeEntry owned_entry(entry);
    git_blob* blob = nullptr;
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB ||
        git_blob_lookup(&blob, state_->repository.get(), git_tree_entry_id(entry)) != 0) {
        return std::nullopt;
    }
    const Blob owned_blob(blob);
    if (git_blob_rawsize(blob) > max_blob) {
        return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(git_blob_rawsize(blob));
    return std::string(static_cast<const char*>(git_blob_rawcontent(blob)), size);
}

}  // namespace quern::fetch
