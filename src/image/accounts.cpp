// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/accounts.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <vector>

namespace quern::image {
namespace {

constexpr std::string_view passwd_path = "etc/passwd";
constexpr std::string_view group_path = "etc/group";
constexpr std::string_view shadow_path = "etc/shadow";

using Fields = std::vector<std::string>;

/// The lines of an accounts file, each split at its colons. Errors: invalid_data.
Result<std::vector<Fields>> read_lines(
    const RootTree& tree, const Spool& spool, std::string_view path, std::size_t field_count
) {
    std::vector<Fields> lines;
    const Inode* file = tree.find(path);
    if (file == nullptr || !file->is_file()) {
        return lines;
    }
    QUERN_TRY(const std::string text, read_content(spool, file->content));
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const auto parts = split(rest.substr(0, end), ':');
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (parts.size() != field_count) {
            return Error(
                ErrorCode::invalid_data,
                fmt::format(
                    "/{}:{}: {} fields where there should be {}",
                    path,
                    lines.size() + 1,
                    parts.size(),
                    field_count
                )
            );
        }
        lines.emplace_back(parts.begin(), parts.end());
    }
    return lines;
}

Result<std::vector<Fields>> read_passwd(const RootTree& tree, const Spool& spool) {
    return read_lines(tree, spool, passwd_path, 7);
}
Result<std::vector<Fields>> read_group(const RootTree& tree, const Spool& spool) {
    return read_lines(tree, spool, group_path, 4);
}

std::string text_of(const std::vector<Fields>& lines) {
    std::string text;
    for (const Fields& fields : lines) {
        text += quern::join(fields, ":") + "\n";
    }
    return text;
}

std::optional<std::uint32_t> id_of(const std::string& text) {
    const auto number = parse_unsigned(text);
    return number && *number <= std::numeric_limits<std::uint32_t>::max()
               ? std::optional(static_cast<std::uint32_t>(*number))
               : std::nullopt;
}

Result<void> add_groups(RootTree& tree, const Spool& spool, const std::vector<Group>& groups) {
    if (groups.empty()) {
        return {};
    }
    QUERN_TRY(std::vector<Fields> lines, read_group(tree, spool));
    for (const Group& group : groups) {
        lines.push_back({group.name, "x", std::to_string(group.gid), join(group.members, ",")});
    }
    QUERN_CHECK(tree.write(group_path, text_of(lines)));
    return {};
}

Result<void> add_shadow(RootTree& tree, const Spool& spool, const std::vector<User>& users) {
    if (users.empty()) {
        return {};
    }
    QUERN_TRY(std::vector<Fields> lines, read_lines(tree, spool, shadow_path, 9));
    for (Fields& fields : lines) {
        fields[2].clear();  // the day of the last change, which images of this format do not carry
    }
    for (const User& user : users) {
        lines.push_back({user.name, "!", "", "", "", "", "", "", ""});
    }
    QUERN_CHECK(tree.write(shadow_path, text_of(lines), 0640));
    return {};
}

/// `uid` and `gid` of a passwd line own the home if it has to be made.
Result<void> make_home(RootTree& tree, const Fields& fields) {
    const std::string& home = fields[5];
    if (home == "/dev/null" || home.empty()) {
        return {};
    }
    if (const Inode* existing = tree.find(home)) {
        if (existing->is_directory()) {
            return {};
        }
        return Error(
                   ErrorCode::invalid_data,
                   fmt::format("{}, the home of {}, is no directory", printable(home), fields[0])
        )
            .help("give the user another homedir; /dev/null is none");
    }
    const auto uid = id_of(fields[2]);
    const auto gid = id_of(fields[3]);
    if (!uid || !gid) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("/{}: {} has no numbers", passwd_path, printable(fields[0]))
        );
    }
    QUERN_TRY(Inode * made, tree.make_directories(home));
    made->mode = 0700;
    made->uid = *uid;
    made->gid = *gid;
    return {};
}

/// What the accounts files of packages say.
Result<void> read_owners(
    const RootTree& tree,
    const Spool& spool,
    std::map<std::string, Owner>& users,
    std::map<std::string, std::uint32_t>& groups
) {
    QUERN_TRY(const std::vector<Fields> passwd, read_passwd(tree, spool));
    for (const Fields& fields : passwd) {
        const auto uid = id_of(fields[2]);
        const auto gid = id_of(fields[3]);
        if (uid && gid) {
            users[fields[0]] = {*uid, *gid};
        }
    }
    QUERN_TRY(const std::vector<Fields> lines, read_group(tree, spool));
    for (const Fields& fields : lines) {
        if (const auto gid = id_of(fields[2])) {
            groups[fields[0]] = *gid;
        }
    }
    return {};
}

Error no_account(std::string_view kind, const std::string& name) {
    return Error(
               ErrorCode::not_found, fmt::format("the image has no {} '{}'", kind, printable(name))
    )
        .help(fmt::format("add it under accounts.{}s, or write a number", kind));
}

}  // namespace

Result<void> add_accounts(RootTree& tree, const Spool& spool, const Accounts& accounts) {
    QUERN_CHECK(tree.make_directories("etc"));
    QUERN_CHECK(add_groups(tree, spool, accounts.groups));
    QUERN_TRY(std::vector<Fields> lines, read_passwd(tree, spool));
    for (const User& user : accounts.users) {
        lines.push_back(
            {user.name,
             "x",
             std::to_string(user.uid),
             std::to_string(user.gid.value_or(user.uid)),
             "Account created by apko",  // compared byte by byte by those who bring image files
             user.home,
             user.shell.empty() ? "/bin/sh" : user.shell}
        );
    }
    if (tree.find(passwd_path) == nullptr || !accounts.users.empty()) {
        QUERN_CHECK(tree.write(passwd_path, text_of(lines)));
    }
    QUERN_CHECK(add_shadow(tree, spool, accounts.users));
    for (const Fields& fields : lines) {
        QUERN_CHECK(make_home(tree, fields));
    }
    return {};
}

Result<Owner> find_owner(
    std::string_view text, const RootTree& tree, const Spool& spool, const Accounts& accounts
) {
    const auto parts = split(text, ':');
    const std::string user(parts.front());
    const std::string group(parts.size() > 1 ? parts[1] : "");
    std::map<std::string, Owner> users;
    std::map<std::string, std::uint32_t> groups;
    QUERN_CHECK(read_owners(tree, spool, users, groups));
    for (const User& own : accounts.users) {
        users[own.name] = {own.uid, own.gid.value_or(own.uid)};
    }
    for (const Group& own : accounts.groups) {
        groups[own.name] = own.gid;
    }
    Owner owner;
    if (const auto number = id_of(user)) {
        owner = {*number, *number};
    } else if (const auto found = users.find(user); found != users.end()) {
        owner = found->second;
    } else {
        return no_account("user", user);
    }
    if (const auto number = id_of(group)) {
        owner.gid = *number;
    } else if (const auto found = groups.find(group); found != groups.end()) {
        owner.gid = found->second;
    } else if (!group.empty()) {
        return no_account("group", group);
    }
    return owner;
}

Result<AccountNames> AccountNames::read(const RootTree& tree, const Spool& spool) {
    AccountNames names;
    QUERN_TRY(const std::vector<Fields> users, read_passwd(tree, spool));
    for (const Fields& fields : users) {
        if (const auto uid = id_of(fields[2])) {
            names.users[*uid] = fields[0];
            names.uids.emplace(fields[0], *uid);
        }
    }
    QUERN_TRY(const std::vector<Fields> groups, read_group(tree, spool));
    for (const Fields& fields : groups) {
        if (const auto gid = id_of(fields[2])) {
            names.groups[*gid] = fields[0];
        }
    }
    return names;
}

}  // namespace quern::image
