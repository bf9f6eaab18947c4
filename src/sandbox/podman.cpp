// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// podman runs inside our own user and mount namespace, where it takes itself for a rootless one
// whose namespace is set up already: so it maps the same ids as the other runners and may use our
// overlay. It is the first process of a pid namespace, with which its monitor and the container
// end.
#include "sandbox/podman.hpp"

#include "sandbox/command_group.hpp"
#include "sandbox/command_streams.hpp"
#include "sandbox/engine_arguments.hpp"
#include "sandbox/find_program.hpp"
#include "sandbox/namespace_spawn.hpp"
#include "sandbox/ownership_supervisor.hpp"
#include "sandbox/staging.hpp"
#include "sandbox/user_namespace.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace quern::sandbox {

namespace {

/// podman's own statuses. Source: podman-run(1), "Exit Status".
constexpr int engine_failed = 125;
constexpr int cannot_invoke = 126;

struct ContainerRuntime {
    std::string_view name;
    bool has_groups = true;
};

/// crun does without control groups, but refuses to work where both versions are mounted.
ContainerRuntime choose_runtime() {
    constexpr long unified = 0x63677270;  // CGROUP2_SUPER_MAGIC
    struct statfs status = {};
    const bool is_unified = ::statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == unified;
    if (is_unified && !find_program("crun").empty()) {
        return {"crun", false};
    }
    return {"runc", true};
}

/// Files must not lie in a database that all podmans of the machine share, nor locks in its memory.
std::string configuration(const ContainerRuntime& runtime) {
    return fmt::format(
        "[engine]\nruntime=\"{}\"\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"none\"\n"
        "lock_type=\"file\"\n[containers]\ndefault_sysctls=[]\npids_limit=0\n",
        runtime.name
    );
}

std::vector<std::string> store_options(const std::filesystem::path& store) {
    const auto below = [&](const char* name) { return (store / name).string(); };
    return {
        "--log-level=error",
        "--root",
        below("root"),
        "--runroot",
        below("run"),
        "--tmpdir",
        below("tmp"),
        "--storage-driver",
        "vfs",
        "run"};
}

/// Whether this process's ids are the machine's own.
bool is_in_first_namespace() {
    constexpr std::uint64_t limit = 4096;
    const auto map = read_file("/proc/self/uid_map", limit);
    const auto words = split_words(map ? std::string_view(*map) : "");
    return words == std::vector<std::string_view>{"0", "0", "4294967295"};
}

std::vector<std::string> environment_of(
    const Command& command, const std::filesystem::path& store
) {
    std::vector<std::string> words = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        fmt::format("HOME={}", store.string()),
        fmt::format("TMPDIR={}", store.string()),
        fmt::format("XDG_RUNTIME_DIR={}/xdg", store.string()),
        fmt::format("CONTAINERS_CONF={}/containers.conf", store.string())};
    if (!is_in_first_namespace()) {
        // Any ids but root's: podman is then a rootless one that has its namespace.
        for (const char* const word :
             {"_CONTAINERS_USERNS_CONFIGURED=done",
              "_CONTAINERS_ROOTLESS_UID=1000",
              "_CONTAINERS_ROOTLESS_GID=1000"}) {
            words.emplace_back(word);
        }
    }
    for (const auto& [name, value] : engine_variables(command).environment) {
        words.push_back(fmt::format("{}={}", name, value));
    }
    return words;
}

Error start_error(std::string_view complaint) {
    std::string text = printable(trim(complaint));
    return Error(ErrorCode::sandbox, "podman could not start the command: " + text)
        .help("run 'quern doctor' for what this machine offers");
}

class Podman final : public Sandbox {
 public:
    Podman(std::string program, const UserNamespace& user_namespace, std::filesystem::path scratch)
        : program_(std::move(program)),
          user_namespace_(user_namespace),
          scratch_(std::move(scratch)),
          runtime_(choose_runtime()) {}

    std::string_view name() const override { return "podman"; }
    Result<ExitStatus> run(
        const Guest& guest,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) override;

 private:
    Result<TempDir> make_store() const;
    Result<NamespaceSpawn> prepare(
        const Guest& guest,
        const Command& command,
        const CommandGroup& group,
        const std::filesystem::path& store
    ) const;
    std::string program_;
    const UserNamespace& user_namespace_;
    std::filesystem::path scratch_;
    ContainerRuntime runtime_;
};

Result<TempDir> Podman::make_store() const {
    QUERN_TRY(TempDir store, TempDir::create(scratch_, "podman-"));
    std::error_code failure;
    std::filesystem::create_directory(store.path() / "xdg", failure);
    QUERN_CHECK(
        write_file_atomically(store.path() / "containers.conf", configuration(runtime_), 0600)
    );
    return store;
}

Result<NamespaceSpawn> Podman::prepare(
    const Guest& guest,
    const Command& command,
    const CommandGroup& group,
    const std::filesystem::path& store
) const {
    NamespaceSpawn spawn;
    spawn.program = program_;
    QUERN_TRY(const Guest staged, stage(guest, spawn.trees));
    QUERN_TRY(DetachedTree own, DetachedTree::open(store));
    spawn.trees.push_back(std::move(own));
    const std::filesystem::path seen = staged_path(spawn.trees.size() - 1);
    spawn.argv = {"podman"};
    for (std::string& word : store_options(seen)) {
        spawn.argv.push_back(std::move(word));
    }
    spawn.argv.emplace_back(runtime_.has_groups ? "--cgroups=enabled" : "--cgroups=disabled");
    if (runtime_.has_groups && !group.path().empty()) {
        spawn.argv.push_back("--cgroup-parent=" + group.path());
    }
    for (std::string& word : podman_options(staged, command, user_namespace_.ids())) {
        spawn.argv.push_back(std::move(word));
    }
    for (std::string& word : engine_words(command, false)) {
        spawn.argv.push_back(std::move(word));
    }
    spawn.environment = environment_of(command, seen);
    spawn.limits = OwnLimits::of(command.limits, group);
    spawn.groups = group.entrances();
    spawn.own_proc = true;
    spawn.dies_with_us = true;
    spawn.own_terminal = command.interactive;
    return spawn;
}

Result<ExitStatus> Podman::run(
    const Guest& guest, const Command& command, const OutputSink& output, const CancelToken& cancel
) {
    QUERN_ASSERT(!command.argv.empty());
    QUERN_CHECK(cancel.check());
    QUERN_CHECK(check_mount_points(guest));
    QUERN_TRY(const TempDir store, make_store());
    const CommandGroup group = CommandGroup::create(command.limits);
    QUERN_TRY(NamespaceSpawn spawn, prepare(guest, command, group, store.path()));
    QUERN_TRY(CommandStreams streams, CommandStreams::open(command));
    spawn.descriptors = streams.descriptors();
    QUERN_TRY(
        ListenerSocket listener, OwnershipSupervisor::prepare(command, user_namespace_.ids(), spawn)
    );
    QUERN_TRY(const pid_t pid, spawn_in_namespace(spawn));
    QUERN_TRY(ChildProcess process, streams.adopt(pid));
    QUERN_TRY(
        const OwnershipSupervisor supervisor, OwnershipSupervisor::start(std::move(listener))
    );
    OutputKeeper keeper(command, output);
    const ChildProcess::Sink sink = [&](std::string_view bytes, bool is_stderr) {
        keeper(bytes, is_stderr);
    };
    QUERN_TRY(const ExitStatus exit, process.wait(sink, cancel, command.timeout));
    const bool is_ours = exit.exited && exit.value >= engine_failed && exit.value <= cannot_invoke;
    if (is_ours && keeper.text().starts_with("Error: ")) {
        return start_error(keeper.text());
    }
    return group.judge(exit, command.limits);
}

}  // namespace

Result<std::unique_ptr<Sandbox>> make_podman(
    const UserNamespace& user_namespace, const std::filesystem::path& scratch
) {
    if (const auto obstacle = podman_obstacle()) {
        return to_error(*obstacle);
    }
    return std::unique_ptr<Sandbox>(
        std::make_unique<Podman>(find_program("podman"), user_namespace, scratch)
    );
}

std::optional<Obstacle> podman_obstacle() {
    if (find_program("podman").empty()) {
        return Obstacle{"podman is not installed", "run 'sudo apt-get install podman'"};
    }
    if (find_program("runc").empty() && find_program("crun").empty()) {
        return Obstacle{
            "podman has no runtime: neither runc nor crun is installed",
            "run 'sudo apt-get install runc'"};
    }
    return std::nullopt;
}

}  // namespace quern::sandbox
