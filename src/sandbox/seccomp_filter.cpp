// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp_filter.hpp"

#include "sandbox/filter_program.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace quern::sandbox {

namespace {

constexpr std::uint32_t no_call = 0xFFFF'FFFF;

/// Numbers of the system calls that the filter looks at, on one architecture.
struct CallTable {
    std::uint32_t architecture = 0;
    std::uint32_t clone = 0;
    std::uint32_t clone3 = 0;
    std::uint32_t unshare = 0;
    std::uint32_t ioctl = 0;
    std::uint32_t add_key = 0;
    std::uint32_t request_key = 0;
    std::uint32_t keyctl = 0;
    std::uint32_t bpf = 0;
    std::uint32_t userfaultfd = 0;
    std::uint32_t perf_event_open = 0;
    std::uint32_t io_uring_setup = 0;
    std::uint32_t socket = 0;
    std::uint32_t socketcall = no_call;  ///< the one call for all of sockets, of 32 bits
    std::uint32_t kill = 0;
    std::uint32_t tkill = 0;
    std::uint32_t tgkill = 0;
    std::uint32_t rt_sigqueueinfo = 0;
    std::uint32_t rt_tgsigqueueinfo = 0;
    std::uint32_t pidfd_open = 0;
};

constexpr CallTable native_table(std::uint32_t architecture) {
    return {
        .architecture = architecture,
        .clone = SYS_clone,
        .clone3 = SYS_clone3,
        .unshare = SYS_unshare,
        .ioctl = SYS_ioctl,
        .add_key = SYS_add_key,
        .request_key = SYS_request_key,
        .keyctl = SYS_keyctl,
        .bpf = SYS_bpf,
        .userfaultfd = SYS_userfaultfd,
        .perf_event_open = SYS_perf_event_open,
        .io_uring_setup = SYS_io_uring_setup,
        .socket = SYS_socket,
        .kill = SYS_kill,
        .tkill = SYS_tkill,
        .tgkill = SYS_tgkill,
        .rt_sigqueueinfo = SYS_rt_sigqueueinfo,
        .rt_tgsigqueueinfo = SYS_rt_tgsigqueueinfo,
        .pidfd_open = SYS_pidfd_open};
}

#if defined(__x86_64__)
/// Programs of 32 bits run on the same kernel under other numbers.
/// Source: linux arch/x86/entry/syscalls/syscall_32.tbl.
constexpr CallTable tables[] = {
    native_table(AUDIT_ARCH_X86_64),
    {.architecture = AUDIT_ARCH_I386,
     .clone = 120,
     .clone3 = 435,
     .unshare = 310,
     .ioctl = 54,
     .add_key = 286,
     .request_key = 287,
     .keyctl = 288,
     .bpf = 357,
     .userfaultfd = 374,
     .perf_event_open = 336,
     .io_uring_setup = 425,
     .socket = 359,
     .socketcall = 102,
     .kill = 37,
     .tkill = 238,
     .tgkill = 270,
     .rt_sigqueueinfo = 178,
     .rt_tgsigqueueinfo = 335,
     .pidfd_open = 434}};
#elif defined(__aarch64__)
/// Source: linux arch/arm/tools/syscall.tbl.
constexpr CallTable tables[] = {
    native_table(AUDIT_ARCH_AARCH64),
    {.architecture = AUDIT_ARCH_ARM,
     .clone = 120,
     .clone3 = 435,
     .unshare = 337,
     .ioctl = 54,
     .add_key = 309,
     .request_key = 310,
     .keyctl = 311,
     .bpf = 386,
     .userfaultfd = 388,
     .perf_event_open = 364,
     .io_uring_setup = 425,
     .socket = 281,
     .socketcall = 102,
     .kill = 37,
     .tkill = 238,
     .tgkill = 268,
     .rt_sigqueueinfo = 178,
     .rt_tgsigqueueinfo = 363,
     .pidfd_open = 434}};
#else
constexpr CallTable tables[] = {};
#endif

/// Calls of x32 come with the architecture of x86_64 and this bit set.
constexpr std::uint32_t x32_bit = 0x4000'0000;

/// Low half of an argument: the kernel looks at no more of flags and ioctl numbers, so the filter
/// may not either.
constexpr std::size_t low_argument(std::size_t index) {
    return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t);
}

void refuse_call(FilterProgram& program, std::uint32_t call, int err) {
    const std::size_t jump = program.begin_if_equal(call);
    program.refuse(err);
    program.end(jump);
}

void refuse_new_user_namespace(FilterProgram& program, std::uint32_t call) {
    const std::size_t jump = program.begin_if_equal(call);
    program.load(low_argument(0));
    const std::size_t flag = program.begin_if_any_bit(CLONE_NEWUSER);
    program.refuse(EPERM);
    program.end(flag);
    program.allow();
    program.end(jump);
}

void refuse_terminal_input(FilterProgram& program, std::uint32_t call) {
    const std::size_t jump = program.begin_if_equal(call);
    program.load(low_argument(1));
    for (const std::uint32_t request : {std::uint32_t{TIOCSTI}, std::uint32_t{TIOCLINUX}}) {
        refuse_call(program, request, EPERM);
    }
    program.allow();
    program.end(jump);
}

void allow_local_sockets_only(FilterProgram& program, const CallTable& table) {
    const std::size_t jump = program.begin_if_equal(table.socket);
    program.load(low_argument(0));
    for (const std::uint32_t family : {std::uint32_t{AF_UNIX}, std::uint32_t{AF_NETLINK}}) {
        const std::size_t local = program.begin_if_equal(family);
        program.allow();
        program.end(local);
    }
    program.refuse(EACCES);
    program.end(jump);
    refuse_call(program, table.socketcall, ENOSYS);
}

void keep_out_of_reach(
    FilterProgram& program, const CallTable& table, const FilterOptions& options
) {
    for (const std::uint32_t call :
         {table.kill,
          table.tkill,
          table.tgkill,
          table.rt_sigqueueinfo,
          table.rt_tgsigqueueinfo,
          table.pidfd_open}) {
        const std::size_t jump = program.begin_if_equal(call);
        program.load(low_argument(0));
        for (const pid_t pid : options.out_of_reach) {
            refuse_call(program, static_cast<std::uint32_t>(pid), EPERM);
        }
        program.allow();
        program.end(jump);
    }
}

void add_table(FilterProgram& program, const CallTable& table, const FilterOptions& options) {
    const std::size_t jump = program.begin_if_equal(table.architecture);
    program.load(offsetof(seccomp_data, nr));
    if (table.architecture == AUDIT_ARCH_X86_64) {
        const std::size_t is_x32 = program.begin_if_any_bit(x32_bit);
        program.refuse(ENOSYS);
        program.end(is_x32);
    }
    refuse_new_user_namespace(program, table.clone);
    refuse_new_user_namespace(program, table.unshare);
    refuse_terminal_input(program, table.ioctl);
    if (options.no_network) {
        allow_local_sockets_only(program, table);
    }
    if (!options.out_of_reach.empty()) {
        keep_out_of_reach(program, table, options);
    }
    // Its flags are in memory, where a filter cannot look; C libraries then use clone.
    refuse_call(program, table.clone3, ENOSYS);
    for (const std::uint32_t call :
         {table.add_key,
          table.request_key,
          table.keyctl,
          table.bpf,
          table.userfaultfd,
          table.perf_event_open,
          table.io_uring_setup}) {
        refuse_call(program, call, EPERM);
    }
    program.allow();
    program.end(jump);
}

}  // namespace

std::vector<sock_filter> seccomp_program(const FilterOptions& options) {
    FilterProgram program;
    for (const CallTable& table : tables) {
        program.load(offsetof(seccomp_data, arch));
        add_table(program, table, options);
    }
    program.refuse(ENOSYS);
    return program.take();
}

}  // namespace quern::sandbox
