// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/engine_arguments.hpp"

#include "sandbox/capabilities.hpp"

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace quern::sandbox {

namespace {

/// Given by engines to every process, and by the shell that we put in front.
constexpr std::array<std::string_view, 6> engine_names = {
    "HOME", "HOSTNAME", "OLDPWD", "SHLVL", "TERM", "container"};

bool is_for_engine(std::string_view name) {
    return name == "HOME" || name == "PATH" || name == "TMPDIR" || name.starts_with("DOCKER_") ||
           name.starts_with("CONTAINER") || name.starts_with("_CONTAINER") ||
           name.starts_with("XDG_") || name.starts_with("STORAGE_") || name.starts_with("LD_") ||
           name.starts_with("GO") || name.ends_with("_PROXY") || name.ends_with("_proxy");
}

bool is_named(const Command& command, std::string_view name) {
    return std::any_of(
        command.environment.begin(),
        command.environment.end(),
        [&](const auto& variable) { return variable.first == name; }
    );
}

std::string own_open_files() {
    rlimit limit = {};
    constexpr rlim_t usual = 1024;
    const rlim_t most = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : usual;
    return fmt::format("nofile={0}:{0}", most);
}

}  // namespace

std::vector<std::string> engine_words(const Command& command, bool is_last) {
    std::string script = "unset";
    for (const std::string_view name : engine_names) {
        if (!is_named(command, name)) {
            script += fmt::format(" {}", name);
        }
    }
    // The shell stays: the first process of a pid namespace gets no signal that it does not handle.
    // Without a namespace for each command: what it left, of its user, ends with it.
    script += is_last ? "; \"$@\"; s=$?; kill -KILL -1 2>/dev/null; exit $s" : "; \"$@\"; exit $?";
    std::vector<std::string> words = {"/bin/sh", "-c", std::move(script), "sh"};
    words.insert(words.end(), command.argv.begin(), command.argv.end());
    return words;
}

EngineVariables engine_variables(const Command& command) {
    EngineVariables variables;
    for (const auto& [name, value] : command.environment) {
        variables.options.emplace_back("--env");
        if (is_for_engine(name)) {
            variables.options.push_back(fmt::format("{}={}", name, value));
        } else {
            variables.options.push_back(name);
            variables.environment.emplace_back(name, value);
        }
    }
    return variables;
}

std::vector<std::string> engine_capabilities(const Command& command) {
    std::vector<std::string> options = {"--cap-drop=ALL"};
    for (const std::string& name : capabilities_of(command)) {
        // In a user namespace no device can be made; where it could, it is not, so that a step does
        // the same everywhere.
        if (name != "CAP_MKNOD") {
            options.push_back("--cap-add=" + name);
        }
    }
    return options;
}

std::vector<std::string> podman_options(
    const Guest& staged, const Command& command, const GuestIds& ids
) {
    const std::string map = fmt::format("0:{}:{}", ids.first, ids.count);
    std::vector<std::string> options = {
        "--rm",
        "--log-driver=none",
        "--uidmap=" + map,
        "--gidmap=" + map,
        fmt::format("--user={}:{}", command.uid, command.gid),
        fmt::format("--network={}", command.network ? "host" : "none"),
        "--hostname=" + command.hostname,
        "--no-hosts",
        "--unsetenv-all",
        "--security-opt=no-new-privileges",
        "--ulimit=" + own_open_files(),
        "--workdir=" + command.working_directory,
    };
    if (command.limits.processes != 0) {
        options.push_back(fmt::format("--ulimit=nproc={0}:{0}", command.limits.processes));
    }
    if (command.interactive) {
        options.emplace_back("--interactive");
        options.emplace_back("--tty");
    } else if (command.input_fd >= 0) {
        options.emplace_back("--interactive");
    }
    for (const std::string& option : engine_capabilities(command)) {
        options.push_back(option);
    }
    for (const Mount& mount : staged.mounts) {
        options.push_back(fmt::format(
            "--volume={}:{}:{}", mount.source.string(), mount.target, mount.read_only ? "ro" : "rw"
        ));
    }
    for (const std::string& option : engine_variables(command).options) {
        options.push_back(option);
    }
    options.emplace_back("--rootfs");
    options.push_back(staged.root.string());
    return options;
}

}  // namespace quern::sandbox
