// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp_filter.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace quern::sandbox {

namespace {

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
        .io_uring_setup = SYS_io_uring_setup};
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
     .io_uring_setup = 425}};
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
     .io_uring_setup = 425}};
#else
constexpr CallTable tables[] = {};
#endif

/// Calls of x32 come with the architecture of x86_64 and this bit set.
constexpr std::uint32_t x32_bit = 0x4000'0000;

class Program {
 public:
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void allow() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }
    void refuse(int err) {
        add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(err));
    }
    /// Runs what follows up to `end` only if the loaded word equals `value`.
    [[nodiscard]] std::size_t begin_if_equal(std::uint32_t value) {
        return begin(BPF_JMP | BPF_JEQ | BPF_K, value);
    }
    [[nodiscard]] std::size_t begin_if_any_bit(std::uint32_t bits) {
        return begin(BPF_JMP | BPF_JSET | BPF_K, bits);
    }
    void end(std::size_t jump) {
        words_[jump].jf = static_cast<std::uint8_t>(words_.size() - jump - 1);
    }
    std::vector<sock_filter> take() { return std::move(words_); }

 private:
    std::size_t begin(int code, std::uint32_t value) {
        add(code, value);
        return words_.size() - 1;
    }
    void add(int code, std::uint32_t value) {
        words_.push_back({.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = value});
    }
    std::vector<sock_filter> words_;
};

/// Low half of an argument: the kernel looks at no more of flags and ioctl numbers, so the filter
/// may not either.
constexpr std::size_t low_argument(std::size_t index) {
    return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t);
}

void refuse_call(Program& program, std::uint32_t call, int err) {
    const std::size_t jump = program.begin_if_equal(call);
    program.refuse(err);
    program.end(jump);
}

void refuse_new_user_namespace(Program& program, std::uint32_t call) {
    const std::size_t jump = program.begin_if_equal(call);
    program.load(low_argument(0));
    const std::size_t flag = program.begin_if_any_bit(CLONE_NEWUSER);
    program.refuse(EPERM);
    program.end(flag);
    program.allow();
    program.end(jump);
}

void refuse_terminal_input(Program& program, std::uint32_t call) {
    const std::size_t jump = program.begin_if_equal(call);
    program.load(low_argument(1));
    for (const std::uint32_t request : {std::uint32_t{TIOCSTI}, std::uint32_t{TIOCLINUX}}) {
        refuse_call(program, request, EPERM);
    }
    program.allow();
    program.end(jump);
}

void add_table(Program& program, const CallTable& table) {
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

std::vector<sock_filter> seccomp_program() {
    Program program;
    for (const CallTable& table : tables) {
        program.load(offsetof(seccomp_data, arch));
        add_table(program, table);
    }
    program.refuse(ENOSYS);
    return program.take();
}

}  // namespace quern::sandbox
