// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A checkout writes two things below the destination: the files, by walking the tree objects
// (libgit2's own checkout knows filters, attributes and file system quirks, none of which hostile
// content should reach), and a `.git` directory with one pack of the history that was asked for.
#include "fetch/git.hpp"

#include "fetch/git_checkout.hpp"
#include "fetch/git_functions.hpp"
#include "fetch/git_mirror.hpp"
#include "fetch/git_request.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

namespace quern::fetch {

namespace {

using Repository = Handle<git_repository, git_repository_free>;

/// Removes what stands between "://" and "@" wherever it appears, in whatever form the library
/// repeats it.
std::string without_credentials(std::string text, const std::string& repository) {
    const std::string shown = redact_url(repository);
    text = replace_all(std::move(text), repository, shown);
    const std::size_t scheme_end = repository.find("://");
    const std::size_t at = repository.find('@');
    if (scheme_end != std::string::npos && at != std::string::npos && at > scheme_end + 3) {
        text = replace_all(
            std::move(text), repository.substr(scheme_end + 3, at - scheme_end - 3), "***"
        );
    }
    return printable(text);
}

}  // namespace

std::string hex_of(const git_oid& id) {
    std::array<char, GIT_OID_HEXSZ + 1> text{};
    git_oid_tostr(text.data(), text.size(), &id);
    return text.data();
}

Result<void> check_git(
    int status,
    const GitRequest& request,
    const CancelToken& cancel,
    std::string_view action,
    ErrorCode code
) {
    if (status >= 0) {
        return {};
    }
    QUERN_CHECK(cancel.check());
    const git_error* last = git_error_last();
    const std::string text =
        last == nullptr || last->message == nullptr ? "unknown error" : last->message;
    return Error(
        code,
        fmt::format(
            "git repository {}: {}: {}",
            redact_url(request.repository),
            action,
            without_credentials(text, request.repository)
        )
    );
}

namespace {

Result<FileTree> open_destination(const FileTree& tree, const std::string& destination) {
    if (destination != ".") {
        QUERN_CHECK(tree.make_directories(destination));
        return tree.subtree(destination);
    }
    UniqueFd same(::fcntl(tree.fd(), F_DUPFD_CLOEXEC, 0));
    if (!same) {
        const int err = errno;
        return Error::system(err, "opening the destination");
    }
    return FileTree(std::move(same));
}

Result<void> check_out_into(
    const GitRequest& request,
    const FileTree& destination,
    const GitWatch& watch,
    int level,
    GitReport& report
);

GitRequest request_for(const Submodule& submodule, const GitRequest& around) {
    GitRequest request;
    request.repository = submodule.address;
    request.expected_commit = submodule.commit;
    request.destination = ".";
    request.is_by_id = true;
    request.depth = 1;
    request.recurse_submodules = true;
    request.max_retries = around.max_retries;
    request.initial_backoff = around.initial_backoff;
    request.max_backoff = around.max_backoff;
    request.owner = around.owner;
    request.cache_directory = around.cache_directory;
    return request;
}

// A repository of its own, taken at the commit that the tree names.
Result<void> check_out_submodule(
    const Submodule& submodule,
    const GitRequest& around,
    const FileTree& destination,
    const GitWatch& watch,
    int level
) {
    constexpr int most_levels = 16;
    if (level > most_levels) {
        return Error(
            ErrorCode::limit,
            fmt::format("git-checkout: submodules are nested over {} deep", most_levels)
        );
    }
    const GitRequest request = request_for(submodule, around);
    GitReport report;
    QUERN_CHECK(check_request(request, report.warnings));
    QUERN_TRY(const FileTree inside, destination.subtree(submodule.path));
    return check_out_into(request, inside, watch, level, report);
}

// The mirror is held while it is used, and not while submodules are: one may have the same.
Result<void> check_out_into(
    const GitRequest& request,
    const FileTree& destination,
    const GitWatch& watch,
    int level,
    GitReport& report
) {
    std::vector<Submodule> submodules;
    const auto write = [&](const ChosenCommit& chosen) -> Result<void> {
        report.commit = chosen.commit;
        QUERN_CHECK(write_git_files(chosen, destination));
        QUERN_CHECK(write_git_directory(chosen, destination, request.cache_directory));
        if (request.recurse_submodules) {
            QUERN_TRY(submodules, find_submodules(chosen));
        }
        return {};
    };
    QUERN_CHECK(with_commit(request, watch, report.warnings, write));
    for (const Submodule& submodule : submodules) {
        auto done = check_out_submodule(submodule, request, destination, watch, level + 1);
        if (!done) {
            return std::move(done).error().context(
                fmt::format("submodule {}", printable(submodule.path))
            );
        }
    }
    return {};
}

/// The library is loaded only for a directory that could lie in a repository.
bool may_be_in_repository(const std::filesystem::path& path) {
    std::error_code failure;
    std::filesystem::path directory = std::filesystem::absolute(path, failure);
    for (; !failure; directory = directory.parent_path()) {
        const bool has_git = std::filesystem::exists(directory / ".git", failure) ||
                             std::filesystem::exists(directory / "HEAD", failure);
        if (has_git) {
            return true;
        }
        if (!directory.has_relative_path()) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<void> GitLibrary::start() const {
    const std::lock_guard lock(mutex_);
    if (is_started_) {
        return {};
    }
    QUERN_CHECK(load_library(git_soname, git_package));
    git_libgit2_init();
    // Nothing of the user's or the system's settings: they can name programs, rewrite addresses and
    // hold credentials.
    for (const int level :
         {GIT_CONFIG_LEVEL_SYSTEM,
          GIT_CONFIG_LEVEL_XDG,
          GIT_CONFIG_LEVEL_GLOBAL,
          GIT_CONFIG_LEVEL_PROGRAMDATA}) {
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    // Nothing of a repository is run, so it may belong to anybody.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    is_started_ = true;
    return {};
}

GitLibrary::~GitLibrary() {
    if (is_started_) {
        git_libgit2_shutdown();
    }
}

Result<GitReport> checkout(
    const GitLibrary& library,
    const GitRequest& request,
    const FileTree& tree,
    Reporter& reporter,
    const CancelToken& cancel
) {
    GitReport report;
    QUERN_CHECK(check_request(request, report.warnings));
    QUERN_CHECK(library.start());
    QUERN_TRY(const FileTree destination, open_destination(tree, request.destination));
    QUERN_CHECK(check_out_into(request, destination, {reporter, cancel}, 0, report));
    return report;
}

std::optional<std::string> head_commit(
    const GitLibrary& library, const std::filesystem::path& path
) {
    if (!may_be_in_repository(path) || !library.start()) {
        return std::nullopt;
    }
    git_repository* opened = nullptr;
    git_oid id;
    if (git_repository_open_ext(&opened, path.c_str(), 0, nullptr) < 0) {
        return std::nullopt;
    }
    const Repository repository(opened);
    if (git_reference_name_to_id(&id, repository.get(), "HEAD") < 0) {
        return std::nullopt;
    }
    return hex_of(id);
}

}  // namespace quern::fetch
