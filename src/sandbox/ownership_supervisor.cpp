// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Whoever asks may be hostile and may change all that it names while we look. So: the file is found
// by the kernel, from the caller's own root and directory, without the links of /proc that lead
// elsewhere, and only by O_PATH, which neither waits nor starts anything; that the caller still
// waits is checked after the last look at it, because its number could be somebody else's by then;
// and what is done then goes through the descriptor. Whatever is not ours to do the kernel does:
// calls that name root, and all that will fail.
#include "sandbox/ownership_supervisor.hpp"

#include "sandbox/capabilities.hpp"
#include "sandbox/id_map.hpp"
#include "sandbox/owner_note.hpp"
#include "sandbox/ownership_calls.hpp"
#include "sandbox/pipe.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quern::sandbox {

namespace {

/// A message of the kernel's, which may be longer than the one that we know.
template <typename T>
class Message {
 public:
    explicit Message(std::size_t size) : words_((std::max(size, sizeof(T)) + 7) / 8) {}
    void clear() { std::fill(words_.begin(), words_.end(), 0); }
    T& operator*() { return *reinterpret_cast<T*>(words_.data()); }
    T* operator->() { return &**this; }

 private:
    std::vector<std::uint64_t> words_;
};

/// Text that ends with NUL in the memory of a process; nothing if that cannot be read or is longer
/// than any path.
std::optional<std::string> read_text(pid_t pid, std::uint64_t address) {
    constexpr std::uint64_t page = 4096;
    std::array<char, PATH_MAX> text;
    const std::uint64_t in_first = std::min<std::uint64_t>(page - address % page, text.size());
    iovec to = {.iov_base = text.data(), .iov_len = text.size()};
    // A piece is copied as a whole or not at all, and the page after the text may not be there.
    std::array<iovec, 2> from = {
        iovec{.iov_base = reinterpret_cast<void*>(address), .iov_len = in_first},
        iovec{
            .iov_base = reinterpret_cast<void*>(address + in_first),
            .iov_len = text.size() - in_first}};
    const std::size_t pieces = in_first < text.size() ? 2 : 1;
    const ssize_t size = ::process_vm_readv(pid, &to, 1, from.data(), pieces, 0);
    const void* const end =
        size > 0 ? std::memchr(text.data(), 0, static_cast<std::size_t>(size)) : nullptr;
    return end != nullptr ? std::optional<std::string>(text.data()) : std::nullopt;
}

UniqueFd open_at(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) {
    open_how how = {};
    how.flags = flags | O_PATH | O_CLOEXEC;
    how.resolve = resolve;
    return UniqueFd(static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how)));
}

class Supervision {
 public:
    explicit Supervision(UniqueFd listener)
        : listener_(std::move(listener)),
          proc_(open_at(AT_FDCWD, "/proc", O_DIRECTORY, 0)),
          root_(open_at(AT_FDCWD, "/", O_DIRECTORY, 0)) {}

    /// Until `stop` can be read.
    void run(int stop);

 private:
    void serve(Message<seccomp_notif>& request, Message<seccomp_notif_resp>& response) const;
    std::optional<int> answer(const seccomp_notif& request) const;
    bool is_waiting(const seccomp_notif& request) const;
    UniqueFd open_target(pid_t pid, const OwnershipCall& call) const;
    UniqueFd open_of(pid_t pid, const std::string& name) const;
    UniqueFd find(
        const UniqueFd& root,
        const UniqueFd& start,
        const OwnershipCall& call,
        const std::string& path
    ) const;

    UniqueFd listener_;
    UniqueFd proc_;
    UniqueFd root_;
};

void Supervision::run(int stop) {
    // A root of its own to change.
    if (::unshare(CLONE_FS) != 0 || !proc_ || !root_) {
        return;
    }
    seccomp_notif_sizes sizes = {};
    ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    Message<seccomp_notif> request(sizes.seccomp_notif);
    Message<seccomp_notif_resp> response(sizes.seccomp_notif_resp);
    for (;;) {
        std::array<pollfd, 2> polled = {
            pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
            pollfd{.fd = stop, .events = POLLIN, .revents = 0}};
        if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
            return;
        }
        if (polled[1].revents != 0) {
            return;
        }
        if ((polled[0].revents & POLLIN) != 0) {
            request.clear();
            response.clear();
            serve(request, response);
        } else if (polled[0].revents != 0) {
            return;  // no process is left that could ask
        }
    }
}

void Supervision::serve(Message<seccomp_notif>& request, Message<seccomp_notif_resp>& response)
    const {
    // Fails if the caller was killed meanwhile.
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &*request) != 0) {
        return;
    }
    const std::optional<int> error = answer(*request);
    response->id = request->id;
    response->error = -error.value_or(0);
    response->flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &*response);
}

/// Gives errno; nothing if the kernel is to do what was asked.
std::optional<int> Supervision::answer(const seccomp_notif& request) const {
    const auto is_unknown = [](const std::optional<std::uint32_t>& id) {
        return id && *id >= full_id_count;
    };
    const auto call = decode_ownership_call(request.data);
    if (!call || (!call->uid && !call->gid) || is_unknown(call->uid) || is_unknown(call->gid)) {
        return std::nullopt;
    }
    const UniqueFd file = open_target(static_cast<pid_t>(request.pid), *call);
    struct stat status = {};
    if (!file || ::fstat(file.get(), &status) != 0 || !is_waiting(request)) {
        return std::nullopt;
    }
    const OwnerRecord before = noted_owner(file.get(), status);
    const OwnerRecord after = {call->uid.value_or(before.uid), call->gid.value_or(before.gid)};
    if (before == OwnerRecord{} && after == OwnerRecord{}) {
        return std::nullopt;
    }
    // To the only owner that there is: the kernel then says whether the file may be given away, and
    // takes from it what a file that changes hands loses (setuid, setgid, capabilities).
    constexpr uid_t same = static_cast<uid_t>(-1);
    if (::fchownat(file.get(), "", call->uid ? 0 : same, call->gid ? 0 : same, AT_EMPTY_PATH) !=
        0) {
        return errno;
    }
    return note_owner(file.get(), status, after);
}

bool Supervision::is_waiting(const seccomp_notif& request) const {
    std::uint64_t id = request.id;
    return ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

UniqueFd Supervision::open_of(pid_t pid, const std::string& name) const {
    return open_at(proc_.get(), fmt::format("{}/{}", pid, name).c_str(), 0, 0);
}

UniqueFd Supervision::open_target(pid_t pid, const OwnershipCall& call) const {
    UniqueFd start =
        open_of(pid, call.descriptor == AT_FDCWD ? "cwd" : fmt::format("fd/{}", call.descriptor));
    if (!start || !call.path) {
        return start;
    }
    const auto path = read_text(pid, *call.path);
    if (!path || path->empty()) {
        return path && call.may_be_empty ? std::move(start) : UniqueFd();
    }
    return find(open_of(pid, "root"), start, call, *path);
}

/// With the caller's root as ours the kernel walks as it would for the caller: absolute links and
/// ".." end there.
UniqueFd Supervision::find(
    const UniqueFd& root, const UniqueFd& start, const OwnershipCall& call, const std::string& path
) const {
    UniqueFd found;
    if (root && ::fchdir(root.get()) == 0 && ::chroot(".") == 0) {
        found = open_at(
            start.get(), path.c_str(), call.follows ? 0 : O_NOFOLLOW, RESOLVE_NO_MAGICLINKS
        );
    }
    QUERN_ASSERT(::fchdir(root_.get()) == 0 && ::chroot(".") == 0);
    return found;
}

/// The descriptor that came by a socket; none if it was closed without.
UniqueFd receive_descriptor(int socket) {
    char byte = 0;
    iovec data = {.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t size = 0;
    while ((size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    const cmsghdr* const header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) {
        return UniqueFd();
    }
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return UniqueFd(fd);
}

}  // namespace

Result<ListenerSocket> OwnershipSupervisor::prepare(
    const Command& command, const GuestIds& ids, NamespaceSpawn& spawn
) {
    const std::vector<std::string> rights = capabilities_of(command);
    const bool may_give = std::find(rights.begin(), rights.end(), "CAP_CHOWN") != rights.end();
    if (ids.count > 1 || command.uid != 0 || !may_give) {
        return ListenerSocket();
    }
    std::array<int, 2> ends = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        const int err = errno;
        return system_error(err, "making a socket for a sandbox");
    }
    spawn.filter = ownership_filter();
    spawn.listener_socket = ends[1];
    return ListenerSocket{.ours = UniqueFd(ends[0]), .of_child = UniqueFd(ends[1])};
}

Result<OwnershipSupervisor> OwnershipSupervisor::start(ListenerSocket socket) {
    OwnershipSupervisor supervisor;
    socket.of_child = UniqueFd();
    UniqueFd listener = socket.ours ? receive_descriptor(socket.ours.get()) : UniqueFd();
    if (!listener) {
        return supervisor;
    }
    supervisor.stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    if (!supervisor.stop_) {
        const int err = errno;
        return system_error(err, "making an event for a sandbox");
    }
    // Signals of this process are for other threads: a copy of the mask is taken at the start.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    supervisor.thread_ =
        std::thread([stop = supervisor.stop_.get(), listener = std::move(listener)]() mutable {
            Supervision(std::move(listener)).run(stop);
        });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return supervisor;
}

OwnershipSupervisor::~OwnershipSupervisor() {
    if (thread_.joinable()) {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }
}

}  // namespace quern::sandbox
