// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/root_tree.hpp"
#include "image/spool.hpp"
#include "quern/image.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace quern::image {

/// Adds users and groups to etc/passwd, etc/group and etc/shadow, and makes the homes of all users,
/// packaged ones too. Errors: invalid_data (a line of such a file that is none, with its number; a
/// home that is a file). Source: image-and-resolver 5.1.
Result<void> add_accounts(RootTree& tree, const Spool& spool, const Accounts& accounts);

struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

/// "app", "app:web", "1000", "1000:50": names are those of `accounts` and of the packages in the
/// tree. A user alone has its own group; a number alone is both, as in Dockerfiles. Errors:
/// not_found (no such name), invalid_data (an accounts file).
Result<Owner> find_owner(
    std::string_view text, const RootTree& tree, const Spool& spool, const Accounts& accounts
);

/// Names of users and groups by their number, as etc/passwd and etc/group have them; the last line
/// counts. Empty where there is no such file.
struct AccountNames {
    std::map<std::uint32_t, std::string> users;
    std::map<std::uint32_t, std::string> groups;
    std::map<std::string, std::uint32_t, std::less<>> uids;

    static Result<AccountNames> read(const RootTree& tree, const Spool& spool);
};

}  // namespace quern::image
