// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/start_check.hpp"

#include "image/oci.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace quern::image {
namespace {

bool is_file(const RootTree& tree, std::string_view path) {
    const Inode* inode = tree.find(path);
    return inode != nullptr && inode->is_file();
}

/// As execvp looks for it.
bool is_there(
    const RootTree& tree, const Specification& specification, const std::string& program
) {
    if (program.find('/') != std::string::npos) {
        return is_file(
            tree, program.front() == '/' ? program : specification.work_dir + "/" + program
        );
    }
    const std::string search = search_path_of(specification);
    const auto folders = split(search, ':');
    return std::any_of(folders.begin(), folders.end(), [&](std::string_view folder) {
        return is_file(tree, fmt::format("{}/{}", folder, program));
    });
}

std::string user_problem(const std::string& run_as, const AccountNames& names) {
    const std::size_t colon = std::min(run_as.find(':'), run_as.size());
    const std::string user = run_as.substr(0, colon);
    const std::string group = run_as.substr(std::min(colon + 1, run_as.size()));
    if (!user.empty() && !parse_unsigned(user) && names.uids.count(user) == 0) {
        return fmt::format(
            "accounts.run-as: the image has no user '{}': add it under accounts.users, or write a "
            "number",
            printable(user)
        );
    }
    const auto is_it = [&](const auto& known) { return known.second == group; };
    if (!group.empty() && !parse_unsigned(group) &&
        std::none_of(names.groups.begin(), names.groups.end(), is_it)) {
        return fmt::format(
            "accounts.run-as: the image has no group '{}': add it under accounts.groups, or write "
            "a number",
            printable(group)
        );
    }
    return {};
}

}  // namespace

std::vector<std::string> start_problems(
    const Specification& specification, const RootTree& tree, const AccountNames& names
) {
    std::vector<std::string> problems;
    const std::vector<std::string> command = command_of(specification);
    if (!command.empty() && !is_there(tree, specification, command.front())) {
        problems.push_back(fmt::format(
            "the image starts {}, which no package brings: add the package that does, or name "
            "another program",
            printable(command.front())
        ));
    }
    if (std::string problem = user_problem(specification.accounts.run_as, names);
        !problem.empty()) {
        problems.push_back(std::move(problem));
    }
    return problems;
}

}  // namespace quern::image
