// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Namespaces can be changed only while the process has one thread, and the maps of a new one are
// written by a process that is still in the old one: so helpers are forked before, told what to do
// by a pipe, and end before `enter` returns.
//
//   root:            process namespace = the one we are in      guest namespace {0..65535 ->
//   first..} with newuidmap:  process namespace {0 -> user, 1.. -> subuid}   guest namespace {0..
//   -> 1..} single:          process namespace {0 -> user}                  guest namespace {0 ->
//   0}
#include "sandbox/user_namespace.hpp"

#include "sandbox/id_map.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/obstacle.hpp"
#include "sandbox/pipe.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace quern::sandbox {

namespace {

constexpr std::string_view map_action = "writing the id map of a user namespace";

/// A forked copy of this process that runs `body(request, answer)` once `finish` was called.
/// `request` is at its end when the copy is to go on; what it writes to `answer` is given to the
/// caller of `finish`.
class Helper {
 public:
    template <typename Body>
    static Result<Helper> start(Body body) {
        QUERN_TRY(Pipe request, make_pipe());
        QUERN_TRY(Pipe answer, make_pipe());
        const pid_t pid = ::fork();
        if (pid < 0) {
            const int err = errno;
            return system_error(err, "starting a helper process");
        }
        if (pid == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            request.write_end = UniqueFd();
            answer.read_end = UniqueFd();
            body(request.read_end.get(), answer.write_end.get());
            ::_exit(0);
        }
        return Helper(pid, std::move(request.write_end), std::move(answer.read_end));
    }
    Helper(Helper&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)),
          request_(std::move(other.request_)),
          answer_(std::move(other.answer_)) {}
    Helper& operator=(Helper&&) = delete;
    ~Helper() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            reap();
        }
    }

    pid_t pid() const { return pid_; }
    int answer() const { return answer_.get(); }
    std::string finish() {
        request_ = UniqueFd();
        std::string text = read_to_end(answer_.get());
        reap();
        return text;
    }

 private:
    Helper(pid_t pid, UniqueFd request, UniqueFd answer)
        : pid_(pid), request_(std::move(request)), answer_(std::move(answer)) {}
    void reap() noexcept {
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
    }
    pid_t pid_;
    UniqueFd request_;
    UniqueFd answer_;
};

Result<void> write_proc_file(const std::string& path, std::string_view text) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return system_error(err, fmt::format("opening {}", path));
    }
    // The kernel takes a map in one piece only.
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        const int err = errno;
        return system_error(err, map_action);
    }
    return {};
}

std::vector<IdExtent> read_own_map(const char* path) {
    constexpr std::uint64_t limit = 65'536;
    const Result<std::string> text = read_file(path, limit);
    return text ? parse_id_map(*text) : std::vector<IdExtent>{};
}

bool is_single_threaded() {
    constexpr std::uint64_t limit = 65'536;
    const Result<std::string> status = read_file("/proc/self/status", limit);
    return !status || status->find("\nThreads:\t1\n") != std::string::npos;
}

/// Guests of this process can make no user namespaces of their own: each would hand them all
/// capabilities over the kernel's rarely used parts. The setting counts for the namespace of who
/// opens the file.
void forbid_nested_namespaces() {
    std::ignore =
        write_proc_file("/proc/sys/user/max_user_namespaces", "0");  // seccomp says no as well
}

/// The namespace of the guests, made by a helper that lives in it until its descriptor is open.
Result<UniqueFd> make_guest_namespace(const GuestIds& ids) {
    QUERN_TRY(Helper helper, Helper::start([&](int request, int answer) {
                  const bool is_made = ::unshare(CLONE_NEWUSER) == 0;
                  const std::array<char, 2> report = {
                      is_made ? '+' : '-', static_cast<char>(is_made ? 0 : errno)};
                  std::ignore = write_all(answer, std::string_view(report.data(), report.size()));
                  std::ignore = read_to_end(request);
                  if (is_made && ids.count > 1) {
                      forbid_nested_namespaces();
                  }
              }));
    std::array<char, 2> report = {'-', 0};
    if (::read(helper.answer(), report.data(), report.size()) != 2 || report[0] != '+') {
        const int err = static_cast<unsigned char>(report[1]);
        return to_error(*user_namespace_obstacle("/proc", err == 0 ? EIO : err));
    }
    const std::string directory = fmt::format("/proc/{}", helper.pid());
    const std::string map = fmt::format("0 {} {}\n", ids.first, ids.count);
    QUERN_CHECK(write_proc_file(directory + "/uid_map", map));
    QUERN_CHECK(write_proc_file(directory + "/gid_map", map));
    UniqueFd fd(::open((directory + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return system_error(err, "opening the user namespace of the guests");
    }
    std::ignore = helper.finish();
    return fd;
}

Result<void> make_mounts_private() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
        const int err = errno;
        return system_error(err, "taking this process's mounts apart from the machine's");
    }
    return {};
}

/// Runs newuidmap and newgidmap on `pid` from outside its namespace. Gives what they complained of.
std::string write_maps_by_tools(const Identity& identity, pid_t pid, std::uint32_t count) {
    const CancelToken cancel;
    const auto run = [&](const std::filesystem::path& tool, std::uint32_t own, std::uint32_t first
                     ) {
        const auto number = [](auto value) { return std::to_string(value); };
        ProcessOptions options;
        options.argv = {
            tool.string(), number(pid), "0", number(own), "1", "1", number(first), number(count)};
        const Result<CapturedOutput> ran = run_captured(options, cancel);
        if (!ran) {
            return ran.error().message();
        }
        return ran->status.is_success()
                   ? std::string()
                   : fmt::format(
                         "{}: {}", tool.filename().string(), trim(ran->output + ran->error_output)
                     );
    };
    const std::string complaint =
        run(identity.newuidmap, identity.uid, identity.subordinate_uids->first);
    return complaint.empty()
               ? run(identity.newgidmap, identity.gid, identity.subordinate_gids->first)
               : complaint;
}

Result<void> unshare_user_and_mounts() {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
        const int err = errno;
        return to_error(*user_namespace_obstacle("/proc", err));
    }
    return {};
}

Result<GuestIds> enter_with_range(const Identity& identity, std::uint32_t count) {
    const pid_t self = ::getpid();
    QUERN_TRY(Helper helper, Helper::start([&](int request, int answer) {
                  std::ignore = read_to_end(request);
                  std::ignore = write_all(answer, write_maps_by_tools(identity, self, count));
              }));
    QUERN_CHECK(unshare_user_and_mounts());
    const std::string complaint = helper.finish();
    if (!complaint.empty()) {
        return Error(ErrorCode::sandbox, fmt::format("{}: {}", map_action, printable(complaint)))
            .help("check this user's lines in /etc/subuid and /etc/subgid");
    }
    return GuestIds{.first = 1, .count = count};
}

Result<GuestIds> enter_with_single_id(const Identity& identity) {
    QUERN_CHECK(unshare_user_and_mounts());
    QUERN_CHECK(write_proc_file("/proc/self/setgroups", "deny"));
    QUERN_CHECK(write_proc_file("/proc/self/uid_map", fmt::format("0 {} 1\n", identity.uid)));
    QUERN_CHECK(write_proc_file("/proc/self/gid_map", fmt::format("0 {} 1\n", identity.gid)));
    return GuestIds{};
}

/// Nothing if this root may not make mount namespaces (as in most containers) or has a single id.
Result<std::optional<GuestIds>> enter_as_root(const Identity& identity) {
    const bool is_same = identity.subordinate_uids == identity.subordinate_gids;
    const std::optional<IdRange> range = choose_root_range(
        read_own_map("/proc/self/uid_map"),
        read_own_map("/proc/self/gid_map"),
        is_same ? identity.subordinate_uids : std::nullopt
    );
    if (!range || ::unshare(CLONE_NEWNS) != 0) {
        return std::optional<GuestIds>();
    }
    return std::optional(GuestIds{.first = range->first, .count = range->count});
}

std::string describe(const Identity& identity, const GuestIds& ids) {
    const std::string who = identity.uid == 0 ? "root" : fmt::format("user {}", identity.uid);
    if (ids.count == 1) {
        return who + ", a single id";
    }
    return fmt::format("{}, ids 0-{} at {}", who, ids.count - 1, ids.first);
}

Result<GuestIds> enter_process_namespace(const Identity& identity, bool may_use_range) {
    if (may_use_range && identity.uid == 0) {
        QUERN_TRY(const std::optional<GuestIds> ids, enter_as_root(identity));
        if (ids) {
            return *ids;
        }
    }
    const std::uint32_t count = may_use_range ? identity.range_count() : 0;
    return count > 1 ? enter_with_range(identity, count) : enter_with_single_id(identity);
}

}  // namespace

Result<UserNamespace> UserNamespace::enter(Range range) {
    QUERN_ASSERT(is_single_threaded());
    const Identity identity = Identity::of_this_process();
    UserNamespace result;
    QUERN_TRY(result.ids_, enter_process_namespace(identity, range == Range::automatic));
    QUERN_CHECK(make_mounts_private());
    QUERN_TRY(result.guest_, make_guest_namespace(result.ids_));
    result.description_ = describe(identity, result.ids_);
    return result;
}

}  // namespace quern::sandbox
