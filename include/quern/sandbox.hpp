// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {
class CancelToken;
struct ExitStatus;
}  // namespace quern

namespace quern::sandbox {

class UserNamespace;

/// A host directory or file seen in the guest.
struct Mount {
    std::filesystem::path source;
    std::string target;  ///< absolute, in the guest
    bool read_only = false;
    /// Of a cache: what an engine is to keep its copy by. Not empty: other guests see what steps
    /// leave there, unless `forgets`.
    std::string kept_as = {};
    bool forgets = false;
};

/// A root that steps see: a directory (an overlay on a cached tree, as a rule) and what is mounted
/// over it.
struct Guest {
    std::filesystem::path root;
    std::vector<Mount> mounts;
    std::filesystem::path base;  ///< the cached tree that `root` began as; for GuestForm::remote
    std::string base_key;        ///< its name: same key, same tree
};

/// How a sandbox wants the trees of its guests.
enum class GuestForm {
    mounted,  ///< `root` may be an overlay, and mounts are mounts
    copied,   ///< nothing can be mounted here: `root` is a tree of its own, mounts are copied in it
    remote,   ///< steps see copies in another place; `root` only has what `fetch` brings
};

/// Bounds on one command and all that it starts; 0: none. `processes` alone has a default.
struct Limits {
    std::uint64_t memory_bytes = 0;
    std::uint32_t cpu_thousandths = 0;  ///< 1500: one and a half processors
    std::uint32_t processes = 32'768;   ///< far above what any build has at a time
};

/// One command in a guest. The environment is exactly what is named here.
struct Command {
    std::vector<std::string> argv;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string working_directory = "/";
    std::uint32_t uid = 0;  ///< guest ids
    std::uint32_t gid = 0;
    bool network = false;      ///< else only a loopback of its own
    bool interactive = false;  ///< the terminal of this process
    int input_fd = -1;         ///< read to be its standard input, unless interactive; -1: /dev/null
    std::vector<std::string>
        add_capabilities;  ///< "CAP_SYS_PTRACE", on top of the list of recipe-and-build 12.2
    std::vector<std::string> drop_capabilities;
    std::optional<std::chrono::milliseconds> timeout;
    Limits limits;
    std::string hostname = "localhost";
};

using OutputSink = std::function<void(std::string_view bytes, bool is_stderr)>;

/// Runs commands in guests. Nothing of a command is left when `run` returns: its processes are
/// dead, its mounts gone.
class Sandbox {
 public:
    Sandbox() = default;
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;
    virtual ~Sandbox() = default;

    virtual std::string_view name() const = 0;  ///< "bubblewrap"
    virtual GuestForm form() const { return GuestForm::mounted; }
    /// Errors: sandbox (could not be started; the message has the cause), interrupted, limit
    /// (timeout, or it failed for want of memory or processes). A command that fails is no error.
    virtual Result<ExitStatus> run(
        const Guest& guest,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) = 0;
    /// Remote guests: brings what steps changed of the writable mounts, of the accounts, and of
    /// /tmp/.quern-line to this machine. (What changed on this machine, `run` takes there.)
    /// Errors: as `run`, and invalid_data for a tree that leaves its place.
    virtual Result<void> fetch(const Guest& guest, const CancelToken& cancel);
    /// Brings a directory that is no mount in this sandbox to where it would have been mounted
    /// from. Nothing to do for caches that an engine keeps. Errors: as `fetch`.
    virtual Result<void> fetch_mount(
        const Guest& guest, const Mount& mount, const CancelToken& cancel
    );
    /// Remote guests: bytes that a guest takes beside its base; nothing if that is not known.
    virtual std::optional<std::uint64_t> written_bytes(const Guest& guest);
    /// Remote guests: takes the guest away.
    virtual void stop(const Guest& guest) noexcept;
};

/// The argument list for bubblewrap; pure, for golden tests. `argv[0]` is "bwrap".
std::vector<std::string> bubblewrap_arguments(const Guest& guest, const Command& command);

/// bubblewrap inside the guest namespace of `user_namespace`, which must outlive it. Errors:
/// sandbox (no bwrap, a setuid one).
Result<std::unique_ptr<Sandbox>> make_bubblewrap(const UserNamespace& user_namespace);

/// What --runner names.
enum class Runner { automatic, bubblewrap, chroot, docker, podman };
std::optional<Runner> parse_runner(std::string_view name);

/// One probe of `doctor`: what was tried, whether it works, the exact cause and the fix if not.
struct Finding {
    std::string subject;
    bool works = false;
    std::string detail;
    std::string fix;
};
/// What this machine offers: user namespaces, newuidmap, overlay, bubblewrap, id ranges, cgroups.
/// Changes nothing.
std::vector<Finding> examine_machine();
/// Each runner in the order in which `auto` tries them: whether it works here, else the cause.
std::vector<Finding> examine_runners();

}  // namespace quern::sandbox
