// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox_session.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iostream>
#include <thread>

using quern::ErrorCode;
using quern::test::run_step;
using quern::test::session;
using quern::test::TestGuest;
using namespace std::chrono_literals;

namespace {

/// Whether nobody holds a lock on the file: a process that took it with flock(1) is dead.
bool is_unlocked(const std::filesystem::path& path) {
    const quern::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    return fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

/// Leaves a process behind that has its own session, ignores signals, has closed its output and
/// holds a lock.
constexpr const char* daemon_script =
    "trap '' TERM HUP INT; : > /tmp/lock; setsid flock /tmp/lock sh -c ': > /tmp/started; sleep "
    "1000' </dev/null >/dev/null 2>&1 &"
    " while [ ! -e /tmp/started ]; do sleep 0.01; done; ";

}  // namespace

TEST_CASE("sandbox: the status of a command is given as it is", "[integration][sandbox]") {
    const TestGuest guest;
    const auto [script, value] = GENERATE(table<const char*, int>(
        {{"exit 0", 0},
         {"exit 7", 7},
         {"kill -9 $$", 137},
         {"kill -TERM $$", 143},
         {"no-such-command", 127},
         {"exit 127", 127},
         {"exit 1", 1}}
    ));
    CAPTURE(script);
    const auto result = run_step(guest, script);
    REQUIRE(result.status);
    CHECK(result.status->exited);
    CHECK(result.status->value == value);
}

TEST_CASE(
    "sandbox: what a step leaves running is dead when run returns", "[integration][sandbox]"
) {
    const TestGuest guest;
    const auto result = run_step(guest, std::string(daemon_script) + "exit 0");
    CAPTURE(result.output);
    REQUIRE(result.status);
    CHECK(result.status->is_success());
    REQUIRE(std::filesystem::exists(guest.path("tmp/started")));
    CHECK(is_unlocked(guest.path("tmp/lock")));
}

TEST_CASE(
    "sandbox: what a user's step leaves running is dead when run returns", "[integration][sandbox]"
) {
    const TestGuest guest;
    const auto result = run_step(
        guest,
        std::string(daemon_script) + "chmod 666 /tmp/lock; exit 0",
        [](quern::sandbox::Command& command) {
            command.uid = 1000;
            command.gid = 1000;
        }
    );
    REQUIRE(result.status);
    CHECK(result.status->is_success());
    REQUIRE(std::filesystem::exists(guest.path("tmp/started")));
    CHECK(is_unlocked(guest.path("tmp/lock")));
}

TEST_CASE(
    "sandbox: a step that passes its time limit is ended with all it started",
    "[integration][sandbox]"
) {
    const TestGuest guest;
    const auto begin = std::chrono::steady_clock::now();
    const auto result = run_step(
        guest,
        std::string(daemon_script) + "sleep 1000",
        [](quern::sandbox::Command& command) { command.timeout = 1s; }
    );
    REQUIRE_FALSE(result.status);
    CHECK(result.status.error().code() == ErrorCode::limit);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    CHECK(is_unlocked(guest.path("tmp/lock")));
}

TEST_CASE("sandbox: a requested stop ends the step within two seconds", "[integration][sandbox]") {
    const TestGuest guest;
    quern::CancelToken cancel;
    quern::sandbox::Command command;
    command.argv = {"/bin/sh", "-c", std::string(daemon_script) + "echo up; sleep 1000"};
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    std::chrono::steady_clock::time_point requested;
    const auto status = session().sandbox.run(
        guest.guest(),
        command,
        [&](std::string_view, bool) {
            requested = std::chrono::steady_clock::now();
            cancel.request();
        },
        cancel
    );
    REQUIRE_FALSE(status);
    CHECK(status.error().code() == ErrorCode::interrupted);
    CHECK(std::chrono::steady_clock::now() - requested < 2s);
    CHECK(is_unlocked(guest.path("tmp/lock")));
}

TEST_CASE("sandbox: a step that kills all it can reach fails cleanly", "[integration][sandbox]") {
    const TestGuest guest;
    const auto result = run_step(guest, "kill -9 -1; echo after");
    REQUIRE(result.status);
    CHECK(run_step(guest, "echo next").output == "next\n");
}

TEST_CASE("sandbox: a sandbox that cannot be made says why", "[integration][sandbox]") {
    TestGuest guest;
    SECTION("the guest has no such program") {
        const auto result = run_step(guest, "", [](quern::sandbox::Command& command) {
            command.argv = {"/nowhere"};
        });
        REQUIRE_FALSE(result.status);
        CHECK(result.status.error().code() == ErrorCode::sandbox);
        CHECK(
            result.status.error().message() ==
            "bubblewrap could not start the command: execvp /nowhere: No such file or directory"
        );
    }
    SECTION("a mount's source is missing") {
        guest.guest().mounts.push_back(
            {.source = "/no/such", .target = "/home/build", .read_only = false}
        );
        const auto result = run_step(guest, "true");
        REQUIRE_FALSE(result.status);
        CHECK(
            result.status.error().message() ==
            "mounting /no/such in a sandbox: No such file or directory"
        );
    }
    SECTION("a capability is unknown") {
        const auto result = run_step(guest, "true", [](quern::sandbox::Command& command) {
            command.add_capabilities = {"CAP_NONE_SUCH"};
        });
        REQUIRE_FALSE(result.status);
        CHECK(
            result.status.error().message() ==
            "bubblewrap could not start the command: unknown cap: CAP_NONE_SUCH"
        );
    }
}

TEST_CASE("sandbox: steps run at the same time in several threads", "[integration][sandbox]") {
    const TestGuest guest;
    std::vector<std::string> outputs(4);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            threads.emplace_back([&guest, &outputs, i] {
                outputs[i] = run_step(guest, "echo step " + std::to_string(i)).output;
            });
        }
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        CHECK(outputs[i] == "step " + std::to_string(i) + "\n");
    }
}

TEST_CASE("sandbox: a step dies with the process that runs it", "[integration][sandbox]") {
    const TestGuest guest;
    const std::uint32_t id = GENERATE(0U, 1000U);
    CAPTURE(id);
    std::array<int, 2> ends = {-1, -1};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        quern::sandbox::Command command;
        command.uid = id;
        command.gid = id;
        command.argv = {
            "/bin/sh",
            "-c",
            std::string(daemon_script) + "chmod 666 /tmp/lock; echo up; sleep 1000"};
        command.environment = {{"PATH", "/usr/bin:/bin"}};
        const quern::CancelToken cancel;
        std::ignore = session().sandbox.run(
            guest.guest(),
            command,
            [&](std::string_view, bool) { std::ignore = ::write(ends[1], "x", 1); },
            cancel
        );
        ::_exit(1);
    }
    char byte = 0;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
    REQUIRE(::kill(pid, SIGKILL) == 0);
    ::waitpid(pid, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    const quern::UniqueFd fd(::open(guest.path("tmp/lock").c_str(), O_RDWR | O_CLOEXEC));
    // Waits for as long as a process of the step lives.
    CHECK(::flock(fd.get(), LOCK_EX) == 0);
}

TEST_CASE("sandbox: an empty step is quick", "[.bench]") {
    const TestGuest guest;
    const auto begin = std::chrono::steady_clock::now();
    constexpr int count = 100;
    for (int i = 0; i < count; ++i) {
        REQUIRE(run_step(guest, ":").status);
    }
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - begin;
    std::cout << "empty step: " << taken.count() / count << " ms\n";
}
