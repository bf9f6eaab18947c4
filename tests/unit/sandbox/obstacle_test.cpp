// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/obstacle.hpp"

#include "sandbox/bubblewrap.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

using namespace quern;
using namespace quern::sandbox;

namespace {

/// A /proc with the given setting.
struct FakeProc {
    FakeProc() : directory(*TempDir::create("/tmp", "quern-proc-")) {
        std::filesystem::create_directories(directory.path() / "sys/user");
        std::filesystem::create_directories(directory.path() / "sys/kernel");
    }
    void set(const std::string& name, const std::string& value) const {
        REQUIRE(write_file_atomically(directory.path() / "sys" / name, value + "\n"));
    }
    TempDir directory;
};

}  // namespace

TEST_CASE(
    "obstacle: each kernel setting is named with the command that changes it", "[sandbox][obstacle]"
) {
    const auto [file, value, name] = GENERATE(table<const char*, const char*, const char*>({
        {"user/max_user_namespaces", "0", "user.max_user_namespaces=15000"},
        {"kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"},
        {"kernel/apparmor_restrict_unprivileged_userns",
         "1",
         "kernel.apparmor_restrict_unprivileged_userns=0"},
    }));
    CAPTURE(file);
    const FakeProc proc;
    proc.set(file, value);
    const auto obstacle = user_namespace_obstacle(proc.directory.path(), 0);
    REQUIRE(obstacle);
    CHECK(obstacle->fix.find(std::string("sudo sysctl -w ") + name) != std::string::npos);
}

TEST_CASE("obstacle: settings that allow are none", "[sandbox][obstacle]") {
    const FakeProc proc;
    proc.set("user/max_user_namespaces", "96365");
    proc.set("kernel/unprivileged_userns_clone", "1");
    proc.set("kernel/apparmor_restrict_unprivileged_userns", "0");
    CHECK_FALSE(user_namespace_obstacle(proc.directory.path(), 0));
}

TEST_CASE("obstacle: a refusal without a setting has a cause too", "[sandbox][obstacle]") {
    const FakeProc proc;
    CHECK(
        user_namespace_obstacle(proc.directory.path(), EPERM)->fix.find("seccomp=unconfined") !=
        std::string::npos
    );
    CHECK(
        user_namespace_obstacle(proc.directory.path(), ENOSPC)->cause.find("used up") !=
        std::string::npos
    );
    CHECK(
        user_namespace_obstacle(proc.directory.path(), EINVAL)->cause.find("Invalid argument") !=
        std::string::npos
    );
}

TEST_CASE("obstacle: a missing range says what to install or to run", "[sandbox][obstacle]") {
    CHECK(missing_range_obstacle(false, "me").fix == "run 'sudo apt-get install uidmap'");
    CHECK(
        missing_range_obstacle(true, "me").fix ==
        "run 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 me'"
    );
}

TEST_CASE("obstacle: as an error it keeps cause and fix", "[sandbox][obstacle]") {
    const Error error = to_error({.cause = "why", .fix = "how"});
    CHECK(error.code() == ErrorCode::sandbox);
    CHECK(error.message() == "why");
    CHECK(error.help() == "how");
}

TEST_CASE("obstacle: a setuid bubblewrap is not used", "[sandbox][obstacle]") {
    // Source: CVE-2026-41163, ptrace of a setuid bubblewrap.
    const auto [mode, is_refused] = GENERATE(table<mode_t, bool>({
        {04755, true},
        {02755, true},
        {0755, false},
    }));
    CAPTURE(mode);
    const TempDir folder = *TempDir::create("/tmp", "quern-bwrap-");
    const std::filesystem::path program = folder.path() / "bwrap";
    REQUIRE(write_file_atomically(program, "#!/bin/sh\n", 0755));
    REQUIRE(::chmod(program.c_str(), mode) == 0);
    const std::string before = std::getenv("PATH");
    REQUIRE(::setenv("PATH", folder.path().c_str(), 1) == 0);
    const auto obstacle = bubblewrap_obstacle();
    REQUIRE(::setenv("PATH", before.c_str(), 1) == 0);
    REQUIRE(obstacle.has_value() == is_refused);
    if (obstacle) {
        CHECK(obstacle->cause == program.string() + " is setuid, which is not safe to use");
        CHECK(obstacle->fix.find("sudo chmod u-s " + program.string()) != std::string::npos);
    }
}
