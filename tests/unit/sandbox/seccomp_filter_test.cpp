// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp_filter.hpp"

#include "sandbox/ownership_calls.hpp"

#include <catch2/catch.hpp>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

using quern::sandbox::FilterOptions;
using quern::sandbox::seccomp_program;

namespace {

/// The few instructions of classic BPF that the filter uses. Source: Linux
/// Documentation/networking/filter.rst.
std::uint32_t verdict(const seccomp_data& data, const std::vector<sock_filter>& program) {
    std::uint32_t word = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& step = program[at];
        if (step.code == (BPF_LD | BPF_W | BPF_ABS)) {
            std::memcpy(&word, reinterpret_cast<const char*>(&data) + step.k, sizeof word);
        } else if (step.code == (BPF_JMP | BPF_JEQ | BPF_K)) {
            at += word == step.k ? step.jt : step.jf;
        } else if (step.code == (BPF_JMP | BPF_JSET | BPF_K)) {
            at += (word & step.k) != 0 ? step.jt : step.jf;
        } else {
            REQUIRE(step.code == (BPF_RET | BPF_K));
            return step.k;
        }
    }
    FAIL("the program has no end");
    return 0;
}

std::uint32_t verdict(const seccomp_data& data, const FilterOptions& options = {}) {
    return verdict(data, seccomp_program(options));
}

constexpr std::uint32_t refused(int err) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(err);
}

}  // namespace

#if defined(__x86_64__)
TEST_CASE("seccomp: what calls get on x86-64 and on its 32-bit side", "[sandbox][seccomp_filter]") {
    struct Row {
        std::uint32_t architecture;
        int call;
        std::uint64_t first;
        std::uint64_t second;
        std::uint32_t expected;
    };
    constexpr std::uint64_t high = std::uint64_t{1} << 32U;
    const Row row = GENERATE(values<Row>({
        {AUDIT_ARCH_X86_64, 0, 0, 0, SECCOMP_RET_ALLOW},                    // read
        {AUDIT_ARCH_X86_64, 56, 0x11, 0, SECCOMP_RET_ALLOW},                // clone, as fork does
        {AUDIT_ARCH_X86_64, 56, CLONE_NEWUSER | 0x11, 0, refused(EPERM)},   // clone
        {AUDIT_ARCH_X86_64, 272, CLONE_NEWUSER, 0, refused(EPERM)},         // unshare
        {AUDIT_ARCH_X86_64, 272, CLONE_NEWUSER | high, 0, refused(EPERM)},  // unshare
        {AUDIT_ARCH_X86_64, 272, CLONE_FILES, 0, SECCOMP_RET_ALLOW},        // unshare
        {AUDIT_ARCH_X86_64, 435, 0, 0, refused(ENOSYS)},                    // clone3
        {AUDIT_ARCH_X86_64, 16, 0, TCGETS, SECCOMP_RET_ALLOW},              // ioctl
        {AUDIT_ARCH_X86_64, 16, 0, TIOCSTI, refused(EPERM)},                // ioctl
        {AUDIT_ARCH_X86_64, 16, 0, TIOCSTI | high, refused(EPERM)},         // ioctl
        {AUDIT_ARCH_X86_64, 16, 0, TIOCLINUX, refused(EPERM)},              // ioctl
        {AUDIT_ARCH_X86_64, 250, 0, 0, refused(EPERM)},                     // keyctl
        {AUDIT_ARCH_X86_64, 321, 0, 0, refused(EPERM)},                     // bpf
        {AUDIT_ARCH_X86_64, 323, 0, 0, refused(EPERM)},                     // userfaultfd
        {AUDIT_ARCH_X86_64, 0x40000000 | 16, 0, 0, refused(ENOSYS)},        // x32
        {AUDIT_ARCH_I386, 3, 0, 0, SECCOMP_RET_ALLOW},                      // read
        {AUDIT_ARCH_I386, 54, 0, TIOCSTI, refused(EPERM)},                  // ioctl
        {AUDIT_ARCH_I386, 310, CLONE_NEWUSER, 0, refused(EPERM)},           // unshare
        {AUDIT_ARCH_I386, 288, 0, 0, refused(EPERM)},                       // keyctl
        {AUDIT_ARCH_AARCH64, 63, 0, 0, refused(ENOSYS)},                    // not of this machine
    }));
    CAPTURE(row.architecture, row.call, row.first, row.second);
    seccomp_data data = {};
    data.arch = row.architecture;
    data.nr = row.call;
    data.args[0] = row.first;
    data.args[1] = row.second;
    CHECK(verdict(data) == row.expected);
}

TEST_CASE(
    "seccomp: without namespaces the network and signals to us are refused",
    "[sandbox][seccomp_filter]"
) {
    const FilterOptions options = {.no_network = true, .out_of_reach = {-1, 4711}};
    const auto [call, first, expected] = GENERATE(table<int, std::int64_t, std::uint32_t>({
        {41, 1, SECCOMP_RET_ALLOW},        // socket: AF_UNIX
        {41, 16, SECCOMP_RET_ALLOW},       // socket: AF_NETLINK
        {41, 2, refused(EACCES)},          // socket: AF_INET
        {41, 10, refused(EACCES)},         // socket: AF_INET6
        {41, 17, refused(EACCES)},         // socket: AF_PACKET
        {62, 4712, SECCOMP_RET_ALLOW},     // kill
        {62, 4711, refused(EPERM)},        // kill
        {62, -1, refused(EPERM)},          // kill
        {62, 0xFFFFFFFF, refused(EPERM)},  // kill
        {234, 4711, refused(EPERM)},       // tgkill
        {434, 4711, refused(EPERM)},       // pidfd_open
    }));
    CAPTURE(call, first);
    seccomp_data data = {};
    data.arch = AUDIT_ARCH_X86_64;
    data.nr = call;
    data.args[0] = static_cast<std::uint64_t>(first);
    CHECK(verdict(data, options) == expected);
    data.arch = AUDIT_ARCH_I386;
    data.nr = 102;  // socketcall
    CHECK(verdict(data, options) == refused(ENOSYS));
    CHECK(verdict(data) == SECCOMP_RET_ALLOW);
}

TEST_CASE("seccomp: only the chown family is left to a listener", "[sandbox][ownership_calls]") {
    const auto [architecture, call, expected] = GENERATE(table<std::uint32_t, int, std::uint32_t>({
        {AUDIT_ARCH_X86_64, 92, SECCOMP_RET_USER_NOTIF},     // chown
        {AUDIT_ARCH_X86_64, 93, SECCOMP_RET_USER_NOTIF},     // fchown
        {AUDIT_ARCH_X86_64, 94, SECCOMP_RET_USER_NOTIF},     // lchown
        {AUDIT_ARCH_X86_64, 260, SECCOMP_RET_USER_NOTIF},    // fchownat
        {AUDIT_ARCH_X86_64, 90, SECCOMP_RET_ALLOW},          // chmod
        {AUDIT_ARCH_X86_64, 182, SECCOMP_RET_ALLOW},         // not of this side
        {AUDIT_ARCH_X86_64, 0x4000005C, SECCOMP_RET_ALLOW},  // x32, refused by the other filter
        {AUDIT_ARCH_I386, 182, SECCOMP_RET_USER_NOTIF},      // chown of 16 bits
        {AUDIT_ARCH_I386, 298, SECCOMP_RET_USER_NOTIF},      // fchownat
        {AUDIT_ARCH_I386, 92, SECCOMP_RET_ALLOW},            // truncate
        {AUDIT_ARCH_AARCH64, 54, SECCOMP_RET_ALLOW},         // not of this machine
    }));
    CAPTURE(architecture, call);
    seccomp_data data = {};
    data.arch = architecture;
    data.nr = call;
    CHECK(verdict(data, quern::sandbox::ownership_filter()) == expected);
    const bool is_decoded = quern::sandbox::decode_ownership_call(data).has_value();
    CHECK(is_decoded == (expected == SECCOMP_RET_USER_NOTIF));
}
#endif
