// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/runner.hpp"

#include "sandbox/capabilities.hpp"
#include "sandbox/chroot.hpp"
#include "sandbox/command_group.hpp"
#include "sandbox/engine_arguments.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <map>

using namespace quern::sandbox;

namespace {

using Variables = std::map<std::string, std::string>;

bool looks_like_container(const std::filesystem::path& root, const Variables& variables = {}) {
    return is_container(root, [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

void put(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
}

Command command_of(std::vector<std::string> argv) {
    Command command;
    command.argv = std::move(argv);
    command.working_directory = "/home/build";
    return command;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("runner: names are those of the flag", "[sandbox][runner]") {
    CHECK(parse_runner("auto") == Runner::automatic);
    CHECK(parse_runner("") == Runner::automatic);
    CHECK(parse_runner("podman") == Runner::podman);
    CHECK(parse_runner("qemu") == std::nullopt);
}

TEST_CASE("chroot: a container is known by the marks of its engine", "[sandbox][chroot]") {
    const auto root = quern::TempDir::create("/tmp", "quern-mark-");
    REQUIRE(root);
    put(root->path() / "proc/1/cgroup", "0::/init.scope\n");
    put(root->path() / "proc/1/environ", std::string("TERM=linux\0HOME=/\0", 18));
    CHECK_FALSE(looks_like_container(root->path()));
    CHECK(looks_like_container(root->path(), {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}));
    const auto [file, text] = GENERATE(table<const char*, std::string>({
        {".dockerenv", ""},
        {"run/.containerenv", ""},
        {"proc/1/environ", std::string("TERM=x\0container=podman\0", 24)},
        {"proc/1/cgroup", "12:pids:/docker/0123\n"},
        {"proc/1/cgroup", "0::/kubepods.slice/pod1\n"},
    }));
    CAPTURE(file);
    put(root->path() / file, text);
    CHECK(looks_like_container(root->path()));
}

TEST_CASE("capabilities: bits are those of the kernel", "[sandbox][capabilities]") {
    // The same set as in the status of a step: see sandbox_isolation_test.
    CHECK(capability_mask(capabilities_of(command_of({"true"}))) == 0xa80425fb);
    CHECK(
        capability_mask({"CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE", "CAP_NONE"}) == 0x10000200000
    );
    Command other = command_of({"true"});
    other.uid = 1000;
    other.add_capabilities = {"CAP_SYS_PTRACE"};
    CHECK(capabilities_of(other) == std::vector<std::string>{"CAP_SYS_PTRACE"});
}

TEST_CASE("groups: version 1 has a place for each controller", "[sandbox][command_group]") {
    const std::filesystem::path root = "/sys/fs/cgroup";
    const std::string own = "9:name=systemd:/\n4:memory:/a/b\n2:cpu,cpuacct:/\n0::/\n";
    CHECK(group_parents(own, root, "memory") == std::vector{root / "memory" / "a/b"});
    CHECK(group_parents(own, root, "cpu") == std::vector{root / "cpu" / ""});
}

TEST_CASE(
    "groups: version 2 has places above ours, the nearest first", "[sandbox][command_group]"
) {
    const auto root = quern::TempDir::create("/tmp", "quern-groups-");
    REQUIRE(root);
    put(root->path() / "cgroup.controllers", "cpu memory pids\n");
    const auto places =
        group_parents("0::/user.slice/user-1.slice/s.scope\n", root->path(), "memory");
    CHECK(
        places ==
        std::vector{
            root->path() / "user.slice/user-1.slice", root->path() / "user.slice", root->path()}
    );
    CHECK(group_parents("0::/\n", root->path(), "memory") == std::vector{root->path()});
    CHECK(group_parents("garbage\n::\n", root->path(), "memory").empty());
}

TEST_CASE("engines: values of variables are in no option", "[sandbox][engine_arguments]") {
    Command command = command_of({"true"});
    command.environment = {{"TOKEN", "s3cret"}, {"PATH", "/bin"}, {"DOCKER_HOST", "tcp://x"}};
    const EngineVariables variables = engine_variables(command);
    CHECK(
        quern::join(variables.options, " ") ==
        "--env TOKEN --env PATH=/bin --env DOCKER_HOST=tcp://x"
    );
    CHECK(variables.environment == decltype(variables.environment){{"TOKEN", "s3cret"}});
}

TEST_CASE(
    "engines: variables of the engine are taken away unless named", "[sandbox][engine_arguments]"
) {
    Command command = command_of({"/bin/sh", "-c", "env"});
    command.environment = {{"HOME", "/root"}};
    CHECK(
        engine_words(command, false) ==
        std::vector<std::string>{
            "/bin/sh",
            "-c",
            "unset HOSTNAME OLDPWD SHLVL TERM container; \"$@\"; exit $?",
            "sh",
            "/bin/sh",
            "-c",
            "env"}
    );
    CHECK(engine_words(command, true)[2].ends_with("kill -KILL -1 2>/dev/null; exit $s"));
}

TEST_CASE("podman: what a container is kept from", "[sandbox][engine_arguments]") {
    const Guest guest = {
        "/tmp/0", {{"/tmp/1", "/home/build", false}, {"/tmp/2", "/k", true}}, {}, {}};
    Command command = command_of({"true"});
    const auto words = podman_options(guest, command, {.first = 100'000, .count = 65'536});
    for (const char* const word :
         {"--network=none",
          "--cap-drop=ALL",
          "--security-opt=no-new-privileges",
          "--uidmap=0:100000:65536",
          "--volume=/tmp/1:/home/build:rw",
          "--volume=/tmp/2:/k:ro"}) {
        CAPTURE(word);
        CHECK(has(words, word));
    }
    CHECK_FALSE(has(words, "--cap-add=CAP_MKNOD"));
    CHECK(has(words, "--cap-add=CAP_CHOWN"));
    CHECK(words.back() == "/tmp/0");
    command.network = true;
    CHECK(has(podman_options(guest, command, {}), "--network=host"));
}
