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
};

/// A root that steps see: a directory (an overlay on a cached tree, as a rule) and what is mounted
/// over it.
struct Guest {
    std::filesystem::path root;
    std::vector<Mount> mounts;
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
    std::vector<std::string>
        add_capabilities;  ///< "CAP_SYS_PTRACE", on top of the list of recipe-and-build 12.2
    std::vector<std::string> drop_capabilities;
    std::optional<std::chrono::milliseconds> timeout;
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
    /// Errors: sandbox (could not be started; the message has the cause), interrupted, limit
    /// (timeout). A command that fails is no error.
    virtual Result<ExitStatus> run(
        const Guest& guest,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) = 0;
};

/// The argument list for bubblewrap; pure, for golden tests. `argv[0]` is "bwrap".
std::vector<std::string> bubblewrap_arguments(const Guest& guest, const Command& command);

/// bubblewrap inside the guest namespace of `user_namespace`, which must outlive it. Errors:
/// sandbox (no bwrap, a setuid one).
Result<std::unique_ptr<Sandbox>> make_bubblewrap(const UserNamespace& user_namespace);

/// One probe of `doctor`: what was tried, whether it works, the exact cause and the fix if not.
struct Finding {
    std::string subject;
    bool works = false;
    std::string detail;
    std::string fix;
};
/// What this machine offers: user namespaces, newuidmap, overlay, bubblewrap, id ranges. Changes
/// nothing.
std::vector<Finding> examine_machine();

}  // namespace quern::sandbox
