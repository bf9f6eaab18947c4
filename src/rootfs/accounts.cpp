// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/accounts.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace quern::rootfs {
namespace {

Result<void> check_field(std::string_view field) {
    if (field.find_first_of(":\n\r") != std::string_view::npos ||
        field.find('\0') != std::string_view::npos) {
        return Error(
                   ErrorCode::invalid_data,
                   fmt::format("'{}' cannot stand in an account", printable(field))
        )
            .help("names, shells and homes of accounts hold no colon and no line end");
    }
    return {};
}

bool has_account(std::string_view text, const std::string& name) {
    return text.starts_with(name + ":") || text.find("\n" + name + ":") != std::string_view::npos;
}

Result<std::string> read_or_empty(const GuestTree& tree, std::string_view path) {
    if (!tree.status(path, true)) {
        return std::string();
    }
    QUERN_TRY(std::string text, tree.read(path));
    if (!text.empty() && !text.ends_with('\n')) {
        text += '\n';
    }
    return text;
}

Result<void> make_home(const GuestTree& tree, const std::string& home, const User& user) {
    if (home == "/dev/null" || !home.starts_with('/') || home == "/" || tree.status(home, true)) {
        return {};
    }
    const std::size_t slash = home.rfind('/');
    if (slash != 0) {
        QUERN_CHECK(tree.make_directories(home.substr(0, slash)));
    }
    return tree.make_directories(home, {.uid = user.uid, .gid = user.gid, .mode = 0700});
}

}  // namespace

Result<void> add_accounts(
    const GuestTree& tree, const std::vector<User>& users, const std::vector<Group>& groups
) {
    QUERN_CHECK(tree.make_directories("etc"));
    QUERN_TRY(std::string group_text, read_or_empty(tree, "etc/group"));
    for (const Group& group : groups) {
        QUERN_CHECK(check_field(group.name));
        if (!has_account(group_text, group.name)) {
            group_text +=
                fmt::format("{}:x:{}:{}\n", group.name, group.gid, join(group.members, ","));
        }
    }
    QUERN_TRY(std::string passwd_text, read_or_empty(tree, "etc/passwd"));
    QUERN_TRY(std::string shadow_text, read_or_empty(tree, "etc/shadow"));
    for (const User& user : users) {
        const std::string home = user.home.empty() ? "/home/" + user.name : user.home;
        const std::string shell = user.shell.empty() ? "/bin/sh" : user.shell;
        for (const std::string& field : {user.name, home, shell}) {
            QUERN_CHECK(check_field(field));
        }
        if (!has_account(passwd_text, user.name)) {
            passwd_text += fmt::format(
                "{}:x:{}:{}:Account created by quern:{}:{}\n",
                user.name,
                user.uid,
                user.gid,
                home,
                shell
            );
            shadow_text += fmt::format("{}:!:::::::\n", user.name);
        }
        QUERN_CHECK(make_home(tree, home, user));
    }
    QUERN_CHECK(tree.write("etc/group", group_text, {.mode = 0644}));
    QUERN_CHECK(tree.write("etc/passwd", passwd_text, {.mode = 0644}));
    return tree.write("etc/shadow", shadow_text, {.mode = 0640});
}

}  // namespace quern::rootfs
