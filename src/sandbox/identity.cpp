// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/identity.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace quern::sandbox {

namespace {

std::string login_name(uid_t uid) {
    constexpr std::size_t buffer_size = 16'384;
    std::vector<char> buffer(buffer_size);
    passwd entry = {};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        return entry.pw_name;
    }
    return std::to_string(uid);
}

/// Not by PATH: a program that is to change our ids is taken from where the system has it.
std::filesystem::path find_system_program(std::string_view name) {
    constexpr std::array<std::string_view, 4> directories = {
        "/usr/bin", "/bin", "/usr/sbin", "/run/wrappers/bin"};
    for (const std::string_view directory : directories) {
        const std::filesystem::path path = std::filesystem::path(directory) / name;
        if (::access(path.c_str(), X_OK) == 0) {
            return path;
        }
    }
    return {};
}

std::optional<IdRange> subordinate(const char* file, const std::string& user, std::uint32_t id) {
    constexpr std::uint64_t limit = std::uint64_t{4} << 20U;
    const Result<std::string> text = read_file(file, limit);
    return text ? find_subordinate(*text, user, id, full_id_count) : std::nullopt;
}

}  // namespace

Identity Identity::of_this_process() {
    Identity identity;
    identity.uid = ::geteuid();
    identity.gid = ::getegid();
    identity.user = login_name(identity.uid);
    identity.subordinate_uids = subordinate("/etc/subuid", identity.user, identity.uid);
    identity.subordinate_gids = subordinate("/etc/subgid", identity.user, identity.uid);
    identity.newuidmap = find_system_program("newuidmap");
    identity.newgidmap = find_system_program("newgidmap");
    return identity;
}

std::uint32_t Identity::range_count() const {
    if (!has_tools() || !subordinate_uids || !subordinate_gids) {
        return 0;
    }
    return std::min({subordinate_uids->count, subordinate_gids->count, full_id_count});
}

}  // namespace quern::sandbox
