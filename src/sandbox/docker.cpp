// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/docker.hpp"

#include "sandbox/command_group.hpp"
#include "sandbox/command_streams.hpp"
#include "sandbox/docker_client.hpp"
#include "sandbox/docker_container.hpp"
#include "sandbox/docker_volumes.hpp"
#include "sandbox/engine_arguments.hpp"
#include "sandbox/find_program.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace quern::sandbox {

namespace {

/// The client's own statuses. Source: docker-exec(1), "Exit Status"; docker-run(1).
constexpr int engine_failed = 125;
constexpr int not_found = 127;

bool is_engine_failure(const ExitStatus& status, std::string_view output) {
    return status.exited && status.value >= engine_failed && status.value <= not_found &&
           (output.starts_with("OCI runtime exec failed") ||
            output.starts_with("Error response from daemon") ||
            output.starts_with("Cannot connect to the Docker daemon"));
}

class Docker final : public Sandbox {
 public:
    Docker(const GuestIds& ids, std::filesystem::path scratch)
        : ids_(ids), scratch_(std::move(scratch)) {}

    std::string_view name() const override { return "docker"; }
    GuestForm form() const override { return GuestForm::remote; }
    Result<ExitStatus> run(
        const Guest& guest,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) override;
    Result<void> fetch(const Guest& guest, const CancelToken& cancel) override;
    Result<void> fetch_mount(const Guest& guest, const Mount& mount, const CancelToken& cancel)
        override;
    std::optional<std::uint64_t> written_bytes(const Guest& guest) override;
    void stop(const Guest& guest) noexcept override;

 private:
    Result<DockerContainer*> container_of(
        const Guest& guest, const Command& command, const CancelToken& cancel
    );
    DockerContainer* started(const Guest& guest);
    Result<ExitStatus> execute(
        const DockerContainer& container,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) const;
    GuestIds ids_;
    std::filesystem::path scratch_;
    std::mutex mutex_;  ///< guards what follows, not the containers: each is one build's
    std::map<std::string, DockerContainer> containers_;
    bool has_swept_ = false;
};

Result<DockerContainer*> Docker::container_of(
    const Guest& guest, const Command& command, const CancelToken& cancel
) {
    if (DockerContainer* const found = started(guest)) {
        return found;
    }
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(has_swept_, true)) {
            QUERN_CHECK(remove_abandoned_containers(cancel));
        }
    }
    QUERN_TRY(DockerContainer made, DockerContainer::start(guest, command, ids_, scratch_, cancel));
    const std::lock_guard lock(mutex_);
    return &containers_.insert_or_assign(guest.root.string(), std::move(made)).first->second;
}

Result<ExitStatus> judge(
    const DockerContainer& container, const ExitStatus& status, const Limits& limits
) {
    constexpr int killed = 137;
    if (limits.memory_bytes == 0 || status.is_success() || status.value != killed) {
        return status;
    }
    // As the container sees its own group, of either version.
    constexpr const char* script =
        "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null";
    const CancelToken none;
    const auto counts = call_docker(
        {"exec", container.id(), "/bin/sh", "-c", std::string(script) + "; true"}, none
    );
    for (const std::string_view line : split(counts ? std::string_view(*counts) : "", '\n')) {
        if (line.starts_with("oom_kill ") && line != "oom_kill 0") {
            return memory_error(limits);
        }
    }
    return status;
}

Result<ExitStatus> Docker::execute(
    const DockerContainer& container,
    const Command& command,
    const OutputSink& output,
    const CancelToken& cancel
) const {
    std::vector<std::string> words = {
        "exec",
        fmt::format("--user={}:{}", command.uid, command.gid),
        "--workdir=" + command.working_directory};
    if (command.interactive) {
        words.insert(words.end(), {"--interactive", "--tty"});
    } else if (command.input_fd >= 0) {
        words.emplace_back("--interactive");
    }
    const EngineVariables variables = engine_variables(command);
    words.insert(words.end(), variables.options.begin(), variables.options.end());
    words.push_back(container.id());
    for (std::string& word : engine_words(command, true)) {
        words.push_back(std::move(word));
    }
    ProcessOptions call = docker_call(std::move(words), variables.environment);
    call.interactive = command.interactive;
    call.input_fd = command.input_fd;
    QUERN_TRY(ChildProcess process, ChildProcess::spawn(call));
    OutputKeeper keeper(command, output);
    const auto sink = [&](std::string_view bytes, bool is_stderr) { keeper(bytes, is_stderr); };
    auto status = process.wait(sink, cancel, command.timeout);
    if (!status) {
        // The client is gone, the command is not.
        const CancelToken none;
        std::ignore = call_docker({"exec", container.id(), "/bin/sh", "-c", "kill -KILL -1"}, none);
        return std::move(status).error();
    }
    if (is_engine_failure(*status, keeper.text())) {
        return Error(
                   ErrorCode::sandbox,
                   "docker could not start the command: " + printable(trim(keeper.text()))
        )
            .help("run 'quern doctor' for what this machine offers");
    }
    return judge(container, *status, command.limits);
}

Result<ExitStatus> Docker::run(
    const Guest& guest, const Command& command, const OutputSink& output, const CancelToken& cancel
) {
    QUERN_ASSERT(!command.argv.empty() && !guest.base.empty());
    QUERN_CHECK(cancel.check());
    QUERN_TRY(DockerContainer* const container, container_of(guest, command, cancel));
    QUERN_CHECK(container->send(guest, cancel));
    QUERN_CHECK(container->use_network(command.network, cancel));
    auto status = execute(*container, command, output, cancel);
    const CancelToken none;
    QUERN_CHECK(container->take_back(guest, none));
    return status;
}

/// Null before the first command.
DockerContainer* Docker::started(const Guest& guest) {
    const std::lock_guard lock(mutex_);
    const auto found = containers_.find(guest.root.string());
    return found == containers_.end() ? nullptr : &found->second;
}

Result<void> Docker::fetch(const Guest& guest, const CancelToken& cancel) {
    DockerContainer* const container = started(guest);
    return container == nullptr ? Result<void>() : container->fetch(guest, cancel);
}

Result<void> Docker::fetch_mount(
    const Guest& guest, const Mount& mount, const CancelToken& cancel
) {
    DockerContainer* const container = started(guest);
    return container == nullptr ? Result<void>() : container->fetch_mount(mount, cancel);
}

std::optional<std::uint64_t> Docker::written_bytes(const Guest& guest) {
    const DockerContainer* const container = started(guest);
    if (container == nullptr) {
        return std::nullopt;
    }
    const CancelToken none;
    const auto size = call_docker(
        {"container", "inspect", "--size", "--format", "{{.SizeRw}}", container->id()}, none
    );
    return size ? parse_unsigned(trim(*size)) : std::nullopt;
}

void Docker::stop(const Guest& guest) noexcept {
    const std::lock_guard lock(mutex_);
    containers_.erase(guest.root.string());
}

/// Nothing for an engine that is not at a socket of this machine.
std::optional<std::string> socket_path() {
    const char* const host = std::getenv("DOCKER_HOST");
    const std::string text = host != nullptr ? host : "unix:///var/run/docker.sock";
    constexpr std::string_view scheme = "unix://";
    return text.starts_with(scheme) ? std::optional(text.substr(scheme.size())) : std::nullopt;
}

/// errno of a connection to the socket.
int try_socket(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return ENAMETOOLONG;
    }
    path.copy(static_cast<char*>(address.sun_path), path.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int done =
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return done == 0 ? 0 : errno;
}

}  // namespace

std::unique_ptr<Sandbox> make_docker(const GuestIds& ids, const std::filesystem::path& scratch) {
    return std::make_unique<Docker>(ids, scratch);
}

Result<std::size_t> remove_docker_roots(const CancelToken& cancel) {
    if (docker_obstacle()) {
        return std::size_t{0};
    }
    const std::string filter = fmt::format("label={}", docker_root_label);
    QUERN_TRY(
        const std::string list,
        call_docker(
            {"image", "ls", "--filter", filter, "--format", "{{.Repository}}:{{.Tag}}"}, cancel
        )
    );
    std::size_t count = 0;
    for (const std::string_view name : split_words(list)) {
        // Refused where a build uses it.
        count += call_docker({"image", "rm", std::string(name)}, cancel) ? 1U : 0U;
    }
    return count;
}

Result<std::size_t> remove_docker_caches(const CancelToken& cancel) {
    if (docker_obstacle()) {
        return std::size_t{0};
    }
    const std::string filter = fmt::format("label={}", docker_cache_label);
    QUERN_TRY(
        const std::string list, call_docker({"volume", "ls", "--quiet", "--filter", filter}, cancel)
    );
    std::size_t count = 0;
    for (const std::string_view name : split_words(list)) {
        // Refused where a build uses it.
        count += call_docker({"volume", "rm", std::string(name)}, cancel) ? 1U : 0U;
    }
    return count;
}

std::optional<Obstacle> docker_obstacle() {
    if (find_program("docker").empty()) {
        return Obstacle{
            "docker's client is not installed",
            "run 'sudo apt-get install docker.io' (Debian 13: docker-cli)"};
    }
    const auto socket = socket_path();
    if (!socket) {
        const CancelToken none;
        const auto answer = call_docker({"version", "--format", "{{.Server.Version}}"}, none);
        return answer ? std::nullopt
                      : std::optional(Obstacle{
                            answer.error().message(), "check DOCKER_HOST and its engine"});
    }
    switch (const int err = try_socket(*socket)) {
        case 0:
            return std::nullopt;
        case EACCES:
        case EPERM:
            return Obstacle{
                fmt::format("this user may not use docker's engine at {}", *socket),
                "run 'sudo usermod -aG docker $USER' and log in again; members can become root"};
        case ENOENT:
        case ECONNREFUSED:
            return Obstacle{
                fmt::format("no docker engine runs at {}", *socket),
                "run 'sudo systemctl start docker', or set DOCKER_HOST"};
        default:
            return Obstacle{
                Error::system(err, fmt::format("connecting to {}", *socket)).message(),
                "set DOCKER_HOST to the engine's address"};
    }
}

}  // namespace quern::sandbox
