// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/guest_changes.hpp"

#include "archive/byte_stream.hpp"
#include "build/local_git.hpp"
#include "build/workspace.hpp"
#include "sandbox/tree_stream.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace quern::build {
namespace {

bool is_source(const TreeEntry& entry) {
    const std::string_view top = std::string_view(entry.path).substr(0, entry.path.find('/'));
    return top != output_directory && top != ".quern-downloads" && top != ".ash_history";
}

}  // namespace

Result<GuestChanges> GuestChanges::begin(Open open, const Services& services) {
    QUERN_TRY(TempDir scratch, TempDir::create(services.cache_directory, "changes-"));
    GuestChanges changes(std::move(open), std::move(scratch), services);
    QUERN_CHECK(changes.copy("a"));
    return changes;
}

Result<void> GuestChanges::copy(const char* name) const {
    QUERN_TRY(const FileTree from, open_());
    QUERN_TRY(const FileTree to, FileTree::create(scratch_.path() / name));
    QUERN_TRY(const UniqueFd file, make_unnamed_file(scratch_.path()));
    archive::FdSink sink(file.get());
    QUERN_CHECK(sandbox::write_tree(from, services_->ids, sink, is_source));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "rewinding the copy of a guest's files");
    }
    archive::FdSource source(file.get());
    return sandbox::replace_tree(to, services_->ids, source, {});
}

Result<std::string> GuestChanges::diff() const {
    QUERN_CHECK(copy("b"));
    // 1 is what it ends with where there are differences.
    QUERN_TRY(
        const std::string text,
        run_git(
            scratch_.path(),
            {"diff",
             "--no-index",
             "--no-prefix",
             "--no-ext-diff",
             "--no-textconv",
             "--no-color",
             "a",
             "b"},
            services_->cancel,
            1
        )
    );
    return without_binary_files(text);
}

Result<void> GuestChanges::save(const std::filesystem::path& file, std::string_view directory)
    const {
    QUERN_TRY(const std::string text, diff());
    if (text.empty()) {
        services_->reporter.note("no text file was changed: there is no patch");
        return {};
    }
    QUERN_CHECK(write_file_atomically(file, text));
    services_->reporter.note(
        fmt::format("{} has what was changed in {}", file.string(), printable(directory))
    );
    return {};
}

std::filesystem::path SavedPatches::next() {
    ++count;
    return count == 1 ? file : std::filesystem::path(fmt::format("{}.{}", file.string(), count));
}

Result<FileTree> open_in_guest(
    const std::filesystem::path& root,
    const std::filesystem::path& home,
    const std::string& directory
) {
    const std::string prefix(guest_home);
    const bool is_in_home =
        !home.empty() && (directory == prefix || directory.starts_with(prefix + "/"));
    std::string below = is_in_home ? directory.substr(prefix.size()) : directory;
    below.erase(0, below.find_first_not_of('/'));
    QUERN_TRY(FileTree tree, FileTree::open(is_in_home ? home : root));
    return below.empty() ? Result<FileTree>(std::move(tree)) : tree.subtree(below);
}

std::string without_binary_files(std::string_view diff) {
    constexpr std::string_view start = "diff --git ";
    std::string kept;
    while (!diff.empty()) {
        const std::size_t next = diff.find("\n" + std::string(start));
        const std::string_view part =
            next == std::string_view::npos ? diff : diff.substr(0, next + 1);
        const std::size_t content = part.find("\n@@ ");
        if (part.substr(0, content).find("\nBinary files ") == std::string_view::npos) {
            kept += part;
        }
        diff.remove_prefix(part.size());
    }
    return kept;
}

}  // namespace quern::build
