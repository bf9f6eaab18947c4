// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// For where nothing can be mounted: the guest's root is a tree of its own, what would be mounted is
// copied in it, and files among that (secrets) are taken out after the command.
#include "sandbox/chroot.hpp"

#include "sandbox/capabilities.hpp"
#include "sandbox/chroot_process.hpp"
#include "sandbox/command_streams.hpp"
#include "sandbox/probe.hpp"
#include "sandbox/seccomp_filter.hpp"
#include "sandbox/staging.hpp"
#include "sandbox/tree_links.hpp"
#include "sandbox/tree_stream.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

namespace quern::sandbox {

namespace {

constexpr int all_namespaces =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET;
constexpr GuestIds own_ids = {.first = 0, .count = 65'536};
constexpr const char* resolver_file = "etc/resolv.conf";

struct Device {
    const char* name;
    unsigned major_number;
    unsigned minor_number;
};
/// Source: Linux Documentation/admin-guide/devices.txt.
constexpr std::array<Device, 6> devices = {
    {{"null", 1, 3},
     {"zero", 1, 5},
     {"full", 1, 7},
     {"random", 1, 8},
     {"urandom", 1, 9},
     {"tty", 5, 0}}};

Result<void> make_devices(const FileTree& root) {
    QUERN_CHECK(root.remove("dev"));
    QUERN_CHECK(root.make_directories("dev"));
    QUERN_TRY(const FileTree place, root.subtree("dev"));
    constexpr mode_t for_all = 0666;
    for (const Device& device : devices) {
        const dev_t number = ::makedev(device.major_number, device.minor_number);
        if (::mknodat(place.fd(), device.name, S_IFCHR | for_all, number) != 0 ||
            ::fchmodat(place.fd(), device.name, for_all, 0) != 0) {
            const int err = errno;
            return Error(
                       ErrorCode::sandbox,
                       Error::system(err, fmt::format("making /dev/{}", device.name)).message()
            )
                .help("the container needs CAP_MKNOD, which engines give by default");
        }
    }
    QUERN_CHECK(place.make_symlink("fd", "/proc/self/fd"));
    QUERN_CHECK(place.make_symlink("stdin", "/proc/self/fd/0"));
    QUERN_CHECK(place.make_symlink("stdout", "/proc/self/fd/1"));
    return place.make_symlink("stderr", "/proc/self/fd/2");
}

/// Files that are in the guest while one command runs.
class LentFiles {
 public:
    explicit LentFiles(const FileTree& root) : root_(root) {}
    LentFiles(const LentFiles&) = delete;
    LentFiles& operator=(const LentFiles&) = delete;
    ~LentFiles() {
        for (const std::string& path : paths_) {
            std::ignore = root_.remove(path);  // goes with the guest, if not before
        }
    }
    Result<void> add(const std::filesystem::path& source, std::string path) {
        struct stat status = {};
        if (::stat(source.c_str(), &status) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("looking at {}", source.string()));
        }
        QUERN_TRY(const std::string content, read_file(source));
        const std::size_t slash = path.rfind('/');
        if (slash != std::string::npos) {
            QUERN_CHECK(root_.make_directories(path.substr(0, slash)));
        }
        QUERN_CHECK(root_.remove(path));
        paths_.push_back(path);
        QUERN_CHECK(root_.write(path, content, status.st_mode & 0777U));
        QUERN_TRY(const auto parent, root_.open_parent(path));
        if (::fchownat(
                parent.first.get(),
                parent.second.c_str(),
                status.st_uid,
                status.st_gid,
                AT_SYMLINK_NOFOLLOW
            ) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("giving {} to the guest", path));
        }
        return {};
    }

 private:
    const FileTree& root_;
    std::vector<std::string> paths_;
};

std::vector<std::string> words_of(const Command& command) {
    if (command.argv.front().find('/') != std::string::npos) {
        return command.argv;
    }
    std::vector<std::string> words = {"/bin/sh", "-c", "exec \"$@\"", "sh"};
    words.insert(words.end(), command.argv.begin(), command.argv.end());
    return words;
}

// Caches as further names of their files: nothing is copied, and what is written is in both.
Result<void> bring_directory(
    const Mount& mount, const FileTree& root, const std::filesystem::path& scratch
) {
    const std::string target = mount.target.substr(1);
    QUERN_CHECK(root.make_directories(target));
    QUERN_TRY(const FileTree from, FileTree::open(mount.source));
    QUERN_TRY(const FileTree to, root.subtree(target));
    struct stat status = {};
    if (::fstat(from.fd(), &status) != 0 || ::fchmod(to.fd(), status.st_mode & 07777U) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("giving {} to the guest", mount.target));
    }
    if (!mount.kept_as.empty() && !mount.forgets && link_tree(from, to)) {
        return {};
    }
    return copy_tree(from, to, own_ids, scratch);
}

class Chroot final : public Sandbox {
 public:
    explicit Chroot(int namespaces) : namespaces_(namespaces) {}
    std::string_view name() const override { return "chroot"; }
    GuestForm form() const override { return GuestForm::copied; }
    Result<ExitStatus> run(
        const Guest& guest,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) override;
    Result<void> fetch_mount(const Guest& guest, const Mount& mount, const CancelToken& cancel)
        override;
    void stop(const Guest& guest) noexcept override;

 private:
    Result<void> furnish(const Guest& guest, const FileTree& root, LentFiles& lent);
    ChrootSpawn prepare(const Guest& guest, const Command& command, const CommandGroup& group)
        const;
    int namespaces_;
    std::mutex mutex_;
    std::set<std::string> furnished_;  ///< roots, and what was copied in them
};

Result<void> Chroot::furnish(const Guest& guest, const FileTree& root, LentFiles& lent) {
    const auto is_new = [&](const std::string& what) {
        const std::lock_guard lock(mutex_);
        return furnished_.insert(guest.root.string() + "\n" + what).second;
    };
    if (is_new("")) {
        QUERN_CHECK(make_devices(root));
    }
    std::error_code failure;
    for (const Mount& mount : guest.mounts) {
        const std::string target = mount.target.substr(1);
        if (!std::filesystem::is_directory(mount.source, failure)) {
            QUERN_CHECK(lent.add(mount.source, target));
        } else if (is_new(target)) {
            QUERN_CHECK(bring_directory(mount, root, guest.root.parent_path()));
        }
    }
    return {};
}

ChrootSpawn Chroot::prepare(const Guest& guest, const Command& command, const CommandGroup& group)
    const {
    ChrootSpawn spawn;
    spawn.root = guest.root.string();
    spawn.argv = words_of(command);
    for (const auto& [name, value] : command.environment) {
        spawn.environment.push_back(fmt::format("{}={}", name, value));
    }
    spawn.working_directory = command.working_directory;
    spawn.uid = command.uid;
    spawn.gid = command.gid;
    // The way out of a changed root; and no device is made by a step on any runner.
    spawn.capabilities = capability_mask(capabilities_of(command)) &
                         ~capability_mask({"CAP_SYS_CHROOT", "CAP_MKNOD"});
    spawn.hostname = command.hostname;
    spawn.namespaces = command.network ? namespaces_ & ~CLONE_NEWNET : namespaces_;
    spawn.limits = OwnLimits::of(command.limits, group);
    spawn.groups = group.entrances();
    FilterOptions filter;
    filter.no_network = !command.network && (namespaces_ & CLONE_NEWNET) == 0;
    if ((namespaces_ & CLONE_NEWPID) == 0) {
        filter.out_of_reach = {-1, ::getpid(), ChrootSpawn::warden_number};
    }
    spawn.filter = seccomp_program(filter);
    spawn.own_terminal = command.interactive;
    return spawn;
}

Result<ExitStatus> Chroot::run(
    const Guest& guest, const Command& command, const OutputSink& output, const CancelToken& cancel
) {
    QUERN_ASSERT(!command.argv.empty());
    QUERN_CHECK(cancel.check());
    QUERN_CHECK(check_mount_points(guest));
    QUERN_TRY(const FileTree root, FileTree::open(guest.root));
    LentFiles lent(root);
    QUERN_CHECK(furnish(guest, root, lent));
    if (command.network && !root.exists(resolver_file)) {
        QUERN_CHECK(lent.add(std::filesystem::path("/") / resolver_file, resolver_file));
    }
    const CommandGroup group = CommandGroup::create(command.limits);
    ChrootSpawn spawn = prepare(guest, command, group);
    QUERN_TRY(CommandStreams streams, CommandStreams::open(command));
    spawn.descriptors = streams.descriptors();
    QUERN_TRY(ChrootProcess started, spawn_chroot(spawn));
    QUERN_TRY(ChildProcess process, streams.adopt(started.warden));
    OutputKeeper keeper(command, output);
    const auto sink = [&](std::string_view bytes, bool is_stderr) { keeper(bytes, is_stderr); };
    QUERN_TRY(const ExitStatus exit, process.wait(sink, cancel, command.timeout));
    return group.judge(exit, command.limits);
}

Result<void> Chroot::fetch_mount(
    const Guest& guest, const Mount& mount, const CancelToken& cancel
) {
    QUERN_CHECK(cancel.check());
    if (mount.read_only || mount.forgets) {
        return {};
    }
    QUERN_TRY(const FileTree root, FileTree::open(guest.root));
    QUERN_TRY(const FileTree from, root.subtree(mount.target.substr(1)));
    if (!mount.kept_as.empty()) {
        return replace_by_links(from, mount.source);
    }
    QUERN_TRY(const FileTree to, FileTree::open(mount.source));
    return copy_tree(from, to, own_ids, guest.root.parent_path());
}

void Chroot::stop(const Guest& guest) noexcept {
    const std::lock_guard lock(mutex_);
    const std::string prefix = guest.root.string() + "\n";
    std::erase_if(furnished_, [&](const std::string& key) { return key.starts_with(prefix); });
}

std::optional<std::string> own_variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

bool is_container(
    const std::filesystem::path& root,
    const std::function<std::optional<std::string>(const char*)>& variable
) {
    std::error_code failure;
    for (const char* const mark : {".dockerenv", "run/.containerenv"}) {
        if (std::filesystem::exists(root / mark, failure)) {
            return true;
        }
    }
    if (variable("container") || variable("KUBERNETES_SERVICE_HOST")) {
        return true;
    }
    constexpr std::uint64_t limit = std::uint64_t{1} << 20U;
    const auto environment = read_file(root / "proc/1/environ", limit);
    if (environment &&
        (environment->starts_with("container=") ||
         environment->find(std::string_view("\0container=", 11)) != std::string::npos)) {
        return true;
    }
    const auto groups = read_file(root / "proc/1/cgroup", limit);
    for (const char* const part : {"/docker", "/kubepods", "/libpod", "/lxc", "containerd"}) {
        if (groups && groups->find(part) != std::string::npos) {
            return true;
        }
    }
    return false;
}

std::optional<Obstacle> chroot_obstacle() {
    if (!is_container("/", own_variable)) {
        return Obstacle{
            "this is no container: outside of one a changed root keeps nothing apart",
            "use another runner, or run quern in a container"};
    }
    if (::geteuid() != 0) {
        return Obstacle{
            "only root of a container may change its root", "run quern as root of the container"};
    }
    if (!has_capabilities(
            {"CAP_CHOWN",
             "CAP_DAC_OVERRIDE",
             "CAP_MKNOD",
             "CAP_SETGID",
             "CAP_SETPCAP",
             "CAP_SETUID",
             "CAP_SYS_CHROOT"}
        )) {
        return Obstacle{
            "this container's root lacks capabilities that engines give by default",
            "start the container without --cap-drop"};
    }
    return std::nullopt;
}

Result<std::unique_ptr<Sandbox>> make_chroot() {
    if (const auto obstacle = chroot_obstacle()) {
        return to_error(*obstacle);
    }
    const int namespaces = try_unshare(all_namespaces) == 0 ? all_namespaces : 0;
    return std::unique_ptr<Sandbox>(std::make_unique<Chroot>(namespaces));
}

}  // namespace quern::sandbox
