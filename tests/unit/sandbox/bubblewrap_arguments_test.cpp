// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/bubblewrap_arguments.hpp"

#include "support/text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace quern::sandbox;

namespace {

const Guest guest = {
    .root = "/cache/root",
    .mounts =
        {{.source = "/srv/hello", .target = "/home/build", .read_only = false},
         {.source = "/var/keys", .target = "/etc/apk/keys", .read_only = true}},
    .base = {},
    .base_key = {}};

Command command_of(std::vector<std::string> argv) {
    Command command;
    command.argv = std::move(argv);
    command.working_directory = "/home/build";
    return command;
}

std::string text_of(const std::vector<std::string>& words) {
    return quern::join(words, " ");
}

bool contains(const std::vector<std::string>& words, const std::string& part) {
    return text_of(words).find(part) != std::string::npos;
}

const std::string capabilities =
    "--cap-drop ALL --cap-add CAP_AUDIT_WRITE --cap-add CAP_CHOWN --cap-add CAP_DAC_OVERRIDE "
    "--cap-add CAP_FOWNER --cap-add CAP_FSETID --cap-add CAP_KILL --cap-add CAP_MKNOD "
    "--cap-add CAP_NET_BIND_SERVICE --cap-add CAP_NET_RAW --cap-add CAP_SETFCAP --cap-add "
    "CAP_SETGID "
    "--cap-add CAP_SETPCAP --cap-add CAP_SETUID --cap-add CAP_SYS_CHROOT ";

}  // namespace

TEST_CASE("bubblewrap: the arguments of a step", "[sandbox][bubblewrap]") {
    Command command = command_of({"/bin/sh", "-c", "echo $A"});
    command.environment = {{"A", "1 2"}, {"PATH", "/usr/bin"}};
    CHECK(
        text_of(bubblewrap_arguments(guest, command)) ==
        "bwrap --die-with-parent --new-session --unshare-pid --unshare-ipc --unshare-uts "
        "--unshare-cgroup-try "
        "--unshare-net --hostname localhost --bind /cache/root / --bind /srv/hello /home/build "
        "--ro-bind /var/keys "
        "/etc/apk/keys --proc /proc --dev /dev " +
            capabilities +
            "--clearenv --setenv A 1 2 --setenv PATH /usr/bin --chdir /home/build -- /bin/sh -c "
            "echo $A"
    );
}

TEST_CASE("bubblewrap: words of the command are never options", "[sandbox][bubblewrap]") {
    const auto words = bubblewrap_arguments(guest, command_of({"--share-net", "--bind"}));
    const auto separator = std::find(words.begin(), words.end(), "--");
    REQUIRE(separator != words.end());
    CHECK(
        std::vector<std::string>(separator + 1, words.end()) ==
        std::vector<std::string>{"--share-net", "--bind"}
    );
}

TEST_CASE(
    "bubblewrap: the network and its name servers come only when asked for", "[sandbox][bubblewrap]"
) {
    Command command = command_of({"true"});
    CHECK(contains(bubblewrap_arguments(guest, command), "--unshare-net"));
    CHECK_FALSE(contains(bubblewrap_arguments(guest, command), "resolv.conf"));
    command.network = true;
    CHECK_FALSE(contains(bubblewrap_arguments(guest, command), "--unshare-net"));
    CHECK(contains(
        bubblewrap_arguments(guest, command), "--ro-bind-try /etc/resolv.conf /etc/resolv.conf"
    ));
}

TEST_CASE("bubblewrap: an interactive command keeps the terminal", "[sandbox][bubblewrap]") {
    Command command = command_of({"sh"});
    command.interactive = true;
    CHECK_FALSE(contains(bubblewrap_arguments(guest, command), "--new-session"));
}

TEST_CASE(
    "bubblewrap: capabilities are added to the list and taken from it", "[sandbox][bubblewrap]"
) {
    Command command = command_of({"true"});
    command.add_capabilities = {"CAP_SYS_PTRACE"};
    command.drop_capabilities = {"CAP_NET_RAW", "CAP_CHOWN"};
    const auto words = bubblewrap_arguments(guest, command);
    CHECK(contains(words, "--cap-drop ALL --cap-add CAP_AUDIT_WRITE --cap-add CAP_DAC_OVERRIDE"));
    CHECK(contains(words, "--cap-add CAP_SYS_CHROOT --cap-add CAP_SYS_PTRACE --clearenv"));
    CHECK_FALSE(contains(words, "CAP_NET_RAW"));
    CHECK_FALSE(contains(words, "CAP_CHOWN"));
}

TEST_CASE(
    "bubblewrap: a user who is not root has no capabilities but those added",
    "[sandbox][bubblewrap]"
) {
    Command command = command_of({"true"});
    command.uid = 1000;
    command.gid = 100;
    CHECK(contains(bubblewrap_arguments(guest, command), "--userns 5 --uid 1000 --gid 100"));
    CHECK(contains(bubblewrap_arguments(guest, command), "--cap-drop ALL --clearenv"));
}

TEST_CASE(
    "bubblewrap: how ids come about depends on what the guest maps", "[sandbox][bubblewrap]"
) {
    const auto [uid, gid, count, mode] =
        GENERATE(table<std::uint32_t, std::uint32_t, std::uint32_t, IdentityMode>({
            {0U, 0U, 1U, IdentityMode::inherited},
            {0U, 0U, 65536U, IdentityMode::inherited},
            {0U, 50U, 65536U, IdentityMode::inherited},
            {0U, 50U, 1U, IdentityMode::nested},
            {1000U, 1000U, 65536U, IdentityMode::joined},
            {1000U, 1000U, 1U, IdentityMode::nested},
            {1000U, 70000U, 65536U, IdentityMode::nested},
        }));
    CAPTURE(uid, gid, count);
    Command command = command_of({"true"});
    command.uid = uid;
    command.gid = gid;
    CHECK(identity_mode(command, count) == mode);
}

TEST_CASE("bubblewrap: a nested identity cannot make further namespaces", "[sandbox][bubblewrap]") {
    Command command = command_of({"true"});
    command.uid = 1000;
    CHECK(contains(
        bubblewrap_options(guest, command, IdentityMode::nested),
        "--unshare-user --disable-userns --uid 1000 --gid 0"
    ));
}
