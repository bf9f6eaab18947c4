// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/capabilities.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace quern::sandbox {

namespace {

/// What root has in a guest. Source: recipe-and-build 12.2.
constexpr std::array<std::string_view, 14> root_capabilities = {
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT"};

/// In the order of their bits.
constexpr std::array<std::string_view, 41> all_capabilities = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE"};

}  // namespace

std::vector<std::string> capabilities_of(const Command& command) {
    std::set<std::string> names;
    if (command.uid == 0) {
        names.insert(root_capabilities.begin(), root_capabilities.end());
    }
    names.insert(command.add_capabilities.begin(), command.add_capabilities.end());
    for (const std::string& name : command.drop_capabilities) {
        names.erase(name);
    }
    return {names.begin(), names.end()};
}

std::uint64_t capability_mask(const std::vector<std::string>& names) {
    std::uint64_t mask = 0;
    for (const std::string& name : names) {
        const auto at = std::find(all_capabilities.begin(), all_capabilities.end(), name);
        if (at != all_capabilities.end()) {
            mask |= std::uint64_t{1} << static_cast<unsigned>(at - all_capabilities.begin());
        }
    }
    return mask;
}

}  // namespace quern::sandbox
