// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_request.hpp"

#include "fetch/git_modules.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::fetch {

namespace {

constexpr std::array<std::string_view, 6> schemes = {
    "https", "http", "ssh", "git", "file", "git+ssh"};

bool has_control_byte(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    });
}

Result<void> check_repository(const std::string& repository) {
    const std::string shown = printable(redact_url(repository));
    if (repository.empty() || repository.starts_with('-') || has_control_byte(repository)) {
        return Error(
            ErrorCode::invalid_recipe,
            fmt::format("'{}' is not the address of a git repository", shown)
        );
    }
    const std::size_t scheme_end = repository.find("://");
    // "ext::command" and the like name programs.
    if (repository.find("::") < scheme_end) {
        return Error(ErrorCode::unsupported, fmt::format("'{}' names a program to run", shown));
    }
    if (scheme_end == std::string::npos) {
        const bool is_remote_path = repository.find(':') < repository.find('/');
        return repository.starts_with('/') || is_remote_path
                   ? Result<void>()
                   : Error(
                         ErrorCode::invalid_recipe,
                         fmt::format("'{}' is neither a URL nor an absolute path", shown)
                     );
    }
    const std::string scheme = to_lower(repository.substr(0, scheme_end));
    if (std::find(schemes.begin(), schemes.end(), scheme) == schemes.end()) {
        return Error(
                   ErrorCode::unsupported,
                   fmt::format("'{}' has the scheme '{}'", shown, printable(scheme))
        )
            .help("https, http, ssh, git, file and absolute paths can be used");
    }
    return {};
}

bool is_commit_id(std::string_view text) {
    return text.size() == 40 &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

Result<void> check_combination(const GitRequest& request) {
    if (!request.branch.empty() && !request.tag.empty()) {
        return Error(
                   ErrorCode::invalid_recipe, "git-checkout: 'branch' and 'tag' exclude each other"
        )
            .help("keep the one that 'expected-commit' belongs to");
    }
    if (!request.expected_commit.empty() && !is_commit_id(request.expected_commit)) {
        return Error(
            ErrorCode::invalid_recipe,
            "git-checkout: 'expected-commit' must be 40 hexadecimal digits"
        );
    }
    const bool is_full_tip = !request.branch.empty() && !request.expected_commit.empty();
    if (request.is_branch_tip && !is_full_tip) {
        return Error(
                   ErrorCode::invalid_recipe,
                   "git-checkout: 'expected-commit-is-branch-tip' needs 'branch' and "
                   "'expected-commit', and no 'tag'"
        )
            .help("add what is missing, or leave it out");
    }
    if (request.depth < -1) {
        return Error(
            ErrorCode::invalid_recipe, "git-checkout: 'depth' is a number of commits, or -1 for all"
        );
    }
    return {};
}

}  // namespace

Result<void> check_request(const GitRequest& request, std::vector<std::string>& warnings) {
    QUERN_CHECK(check_repository(request.repository));
    QUERN_CHECK(check_combination(request));
    QUERN_CHECK(parse_cherry_picks(request.cherry_picks));
    QUERN_CHECK(SparseCone::parse(request.sparse_paths));
    if (request.destination != "." && !is_confined_path(request.destination)) {
        return Error(
                   ErrorCode::invalid_recipe,
                   fmt::format(
                       "git-checkout: the destination '{}' is not below the workspace",
                       printable(request.destination)
                   )
        )
            .help("write a path without '..' that does not start with '/'");
    }
    if (request.is_by_id) {
        return {};
    }
    if (request.branch.empty() && request.tag.empty()) {
        warnings.emplace_back(
            "git-checkout: neither 'branch' nor 'tag' is given: HEAD of the remote is used"
        );
    }
    if (request.expected_commit.empty()) {
        warnings.emplace_back(
            "git-checkout: without 'expected-commit' the content depends on the server"
        );
    }
    return {};
}

int effective_depth(const GitRequest& request) {
    if (request.depth != 0) {
        return request.depth;
    }
    const bool may_be_behind =
        !request.branch.empty() && !request.expected_commit.empty() && !request.is_branch_tip;
    return may_be_behind ? -1 : 1;
}

bool is_hostile_entry_name(std::string_view name) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos ||
        name.find('\0') != std::string_view::npos || name.size() > 255) {
        return true;
    }
    // ".GIT", ".git ", ".git." and "git~1" are ".git" where file systems fold names; a tree that
    // has them means no good.
    std::string folded = to_lower(name);
    folded.resize(folded.find_last_not_of(". ") + 1);
    return folded == ".git" || folded == "git~1";
}

}  // namespace quern::fetch
