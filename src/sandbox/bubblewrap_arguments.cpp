// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/bubblewrap_arguments.hpp"

#include "sandbox/capabilities.hpp"

#include <initializer_list>
#include <string_view>

namespace quern::sandbox {

namespace {

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
    arguments.add({"--hostname", command.hostname});
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

void add_capabilities(Arguments& arguments, const Command& command) {
    arguments.add({"--cap-drop", "ALL"});
    for (const std::string& capability : capabilities_of(command)) {
        arguments.add({"--cap-add", capability});
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
