// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox_session.hpp"

#include <catch2/catch.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <fstream>

using quern::test::run_step;
using quern::test::session;
using quern::test::TestGuest;

namespace {

std::string output_of(const TestGuest& guest, const std::string& script) {
    const auto result = run_step(guest, script);
    INFO(script);
    if (!result.status) {
        FAIL(result.status.error().message());
    }
    return result.output;
}

bool is_refused(const TestGuest& guest, const std::string& script) {
    const auto result =
        run_step(guest, "{ " + script + "; } >/dev/null 2>&1 && echo done || echo refused");
    return result.output == "refused\n";
}

}  // namespace

TEST_CASE(
    "sandbox: a step has the environment that was named and no other", "[integration][sandbox]"
) {
    REQUIRE(::setenv("QUERN_CANARY", "leaked", 1) == 0);
    const TestGuest guest;
    const auto result = run_step(guest, "env | sort", [](quern::sandbox::Command& command) {
        command.environment.emplace_back("NAME", "va lue");
    });
    // PWD is the shell's own.
    CHECK(result.output == "NAME=va lue\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\nPWD=/\n");
    CHECK(output_of(guest, "cat /proc/*/environ | tr '\\0' '\\n' | grep -c CANARY").starts_with("0")
    );
}

TEST_CASE("sandbox: a step sees its own processes only", "[integration][sandbox]") {
    const TestGuest guest;
    const std::string processes = output_of(guest, "echo /proc/[0-9]*");
    CHECK(processes == "/proc/1 /proc/2\n");
    CHECK(output_of(guest, "tr '\\0' ' ' < /proc/1/cmdline").find("setenv") == std::string::npos);
}

TEST_CASE("sandbox: a step has a loopback and no other network", "[integration][sandbox]") {
    const TestGuest guest;
    CHECK(output_of(guest, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '") == "lo\n");
    CHECK(output_of(guest, "cat /proc/net/route | wc -l") == "1\n");
    CHECK_FALSE(std::filesystem::exists(guest.path("etc/resolv.conf")));
    CHECK(output_of(guest, "cat /proc/net/fib_trie | grep -c 127.0.0.1").find('0') != 0);
    CHECK(output_of(guest, "hostname") == "localhost\n");
}

TEST_CASE(
    "sandbox: a step has the listed capabilities and cannot get others", "[integration][sandbox]"
) {
    const TestGuest guest;
    // Bits of CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, SETPCAP 8,
    // NET_BIND_SERVICE 10, NET_RAW 13, SYS_CHROOT 18, MKNOD 27, AUDIT_WRITE 29, SETFCAP 31. Source:
    // linux/capability.h.
    // The bounding set of a user namespace stays full: "no new privileges" is what keeps exec from
    // using it.
    CHECK(
        output_of(guest, "grep -E 'CapEff|NoNewPrivs' /proc/self/status") ==
        "CapEff:\t00000000a80425fb\nNoNewPrivs:\t1\n"
    );
    const auto changed =
        run_step(guest, "grep CapEff /proc/self/status", [](quern::sandbox::Command& command) {
            command.add_capabilities = {"CAP_SYS_PTRACE"};
            command.drop_capabilities = {"CAP_NET_RAW"};
        });
    CHECK(changed.output == "CapEff:\t00000000a80c05fb\n");
}

TEST_CASE("sandbox: probes of the kernel are refused", "[integration][sandbox]") {
    const TestGuest guest;
    const char* const script = GENERATE(
        "echo 1 > /proc/sys/kernel/sysrq",
        "echo x > /proc/sysrq-trigger",
        "mount -t tmpfs tmpfs /tmp",
        "umount /proc",
        "unshare -m true",
        "unshare -U true",
        "unshare -r true",
        "chroot / mount -t proc proc /proc",
        "mknod /tmp/sda b 8 0 && head -c 1 /tmp/sda",
        "head -c 1 /dev/kmsg",
        "head -c 1 /dev/mem",
        "head -c 1 /proc/kcore",
        "dmesg",
        "hostname other",
        "date -s 2001-01-01",
        "nsenter -t 1 -m true",
        "ls /sys/kernel",
        "ls /root",
        "cat /etc/shadow",
        // keyctl(KEYCTL_GET_KEYRING_ID, the session's), bpf, io_uring_setup
        "test $(uname -m) = x86_64 && perl -e 'exit(syscall(250, 0, -3, 0) == -1)'",
        "test $(uname -m) = x86_64 && perl -e 'exit(syscall(321, 0, 0, 0) == -1)'",
        "test $(uname -m) = x86_64 && perl -e 'exit(syscall(425, 1, 0) == -1)'",
        "true > /usr/bin/true",
        "touch /usr/planted"
    );
    CAPTURE(script);
    CHECK(is_refused(guest, script));
}

TEST_CASE(
    "sandbox: ids of the guest are no ids of the host's root or user", "[integration][sandbox]"
) {
    const TestGuest guest;
    const auto ids = session().names.ids();
    const std::string map = output_of(guest, "cat /proc/self/uid_map | tr -s ' '");
    CAPTURE(map);
    if (ids.count > 1) {
        CHECK(ids.first > 0);
        CHECK(map.starts_with(" 0 "));
        CHECK(map.find(" 65536\n") != std::string::npos);
    } else {
        CHECK(map.find(" 1\n") != std::string::npos);
    }
}

TEST_CASE("sandbox: what is mounted is what was named", "[integration][sandbox]") {
    const TestGuest guest;
    // bubblewrap covers what of /proc is writable, which depends on the ids.
    const std::string mounts = output_of(
        guest, "cut -d' ' -f5 /proc/self/mountinfo | grep -v ^/proc/ | sort | tr '\\n' ' '"
    );
    CHECK(
        mounts ==
        "/ /dev /dev/full /dev/null /dev/pts /dev/random /dev/tty /dev/urandom /dev/zero /proc "
        "/usr "
    );
}

TEST_CASE(
    "sandbox: a guest below a directory closed to others is reached", "[integration][sandbox]"
) {
    // TempDir is 0700 and belongs to the user, whom no id of the guest stands for where there is a
    // range.
    const TestGuest guest;
    CHECK(output_of(guest, "echo in > /home/build/file; cat /home/build/file") == "in\n");
}

TEST_CASE(
    "sandbox: a mount point that a step replaced by a link is refused", "[integration][sandbox]"
) {
    TestGuest guest;
    const auto work = quern::TempDir::create("/tmp", "quern-work-");
    REQUIRE(work);
    REQUIRE(run_step(guest, "rmdir /home/build && ln -s /tmp /home/build").status);
    guest.guest().mounts.push_back(
        {.source = work->path(), .target = "/home/build", .read_only = false}
    );
    const auto result = run_step(guest, "true");
    REQUIRE_FALSE(result.status);
    CHECK(result.status.error().code() == quern::ErrorCode::sandbox);
    CHECK(
        result.status.error().message() ==
        "the mount point /home/build in the guest is, or lies below, a symbolic link"
    );
}

TEST_CASE("sandbox: no descriptor of the caller reaches a step", "[integration][sandbox]") {
    const TestGuest guest;
    const int leaked = ::dup(STDERR_FILENO);  // without O_CLOEXEC
    REQUIRE(leaked >= 0);
    const std::string listed = output_of(guest, "ls /proc/self/fd");
    ::close(leaked);
    CHECK(listed == "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

TEST_CASE("sandbox: a step cannot type into a terminal of its own", "[integration][sandbox]") {
    const TestGuest guest;
    // TIOCSTI is 0x5412; the upper half of the number is not looked at by the kernel.
    const char* const script =
        "test -e /usr/bin/perl || { echo Operation not permitted; exit; }; perl -e '"
        "open(my $t, \"+<\", \"/dev/ptmx\") or die; my $c = \"x\"; $! = 0;"
        "syscall(16, fileno($t), 0x5412 | (1 << 32), $c); print \"$!\\n\"'";
    if (output_of(guest, "uname -m") == "x86_64\n") {
        CHECK(output_of(guest, script) == "Operation not permitted\n");
    }
}
