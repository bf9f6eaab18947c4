// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/bubblewrap_arguments.hpp"

#include <array>
#include <initializer_list>
#include <string_view>

namespace quern::sandbox {

namespace {

/// What root has in a guest, all of it inside the guest's user namespace only.
/// Source: recipe-and-build 12.2.
constexpr std::array<std::string_view, 14> root_capabilities = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE"};

class Arguments {
 public:
    void add(std::initializer_list<std::string_view> words) {
        words_.insert(words_.end(), words.begin(), words.end());
    }
    std::vector<std::string> take() { return std::move(words_); }

 private:
    std::vector<std::string> words_;
};

void add_namespaces(Arguments& arguments, const Command& command) {
    arguments.add({"--die-with-parent"});
    if (!command.interactive) {
        arguments.add({"--new-session"});
    }
    arguments.add({"--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"});
    if (!command.network) {
        arguments.add({"--unshare-net"});
    }
    arguments.add({"--hostname", "localhost"});
}

void add_identity(Arguments& arguments, const Command& command, IdentityMode mode) {
    if (mode == IdentityMode::inherited) {
        return;
    }
    if (mode == IdentityMode::joined) {
        arguments.add({"--userns", std::to_string(BubblewrapDescriptors::user_namespace)});
    } else {
        arguments.add({"--unshare-user", "--disable-userns"});
    }
    arguments.add({"--uid", std::to_string(command.uid), "--gid", std::to_string(command.gid)});
}

void add_file_systems(Arguments& arguments, const Guest& guest, const Command& command) {
    arguments.add({"--bind", guest.root.native(), "/"});
    for (const Mount& mount : guest.mounts) {
        const std::string_view kind = mount.read_only ? "--ro-bind" : "--bind";
        arguments.add({kind, mount.source.native(), mount.target});
    }
    if (command.network) {
        arguments.add({"--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"});
    }
    arguments.add({"--proc", "/proc", "--dev", "/dev"});
}

/// Only root has capabilities of its own: another user's would reach over all ids of the guest,
/// which is what running as that user is to prevent.
void add_capabilities(Arguments& arguments, const Command& command) {
    arguments.add({"--cap-drop", "ALL"});
    if (command.uid == 0) {
        for (const std::string_view capability : root_capabilities) {
            arguments.add({"--cap-add", capability});
        }
    }
    for (const std::string& capability : command.add_capabilities) {
        arguments.add({"--cap-add", capability});
    }
    for (const std::string& capability : command.drop_capabilities) {
        arguments.add({"--cap-drop", capability});
    }
}

void add_process_state(Arguments& arguments, const Command& command) {
    arguments.add({"--clearenv"});
    for (const auto& [name, value] : command.environment) {
        arguments.add({"--setenv", name, value});
    }
    arguments.add({"--chdir", command.working_directory});
}

}  // namespace

IdentityMode identity_mode(const Command& command, std::uint32_t id_count) {
    if (command.uid == 0 && command.gid < id_count) {
        return IdentityMode::inherited;
    }
    return command.uid < id_count && command.gid < id_count ? IdentityMode::joined
                                                            : IdentityMode::nested;
}

std::vector<std::string> bubblewrap_options(
    const Guest& guest, const Command& command, IdentityMode mode
) {
    Arguments arguments;
    add_namespaces(arguments, command);
    add_identity(arguments, command, mode);
    add_file_systems(arguments, guest, command);
    add_capabilities(arguments, command);
    add_process_state(arguments, command);
    return arguments.take();
}

std::vector<std::string> bubblewrap_arguments(const Guest& guest, const Command& command) {
    constexpr std::uint32_t all_ids = 65'536;
    std::vector<std::string> words =
        bubblewrap_options(guest, command, identity_mode(command, all_ids));
    words.insert(words.begin(), "bwrap");
    words.emplace_back("--");
    words.insert(words.end(), command.argv.begin(), command.argv.end());
    return words;
}

}  // namespace quern::sandbox
