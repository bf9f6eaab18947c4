// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/owner_note.hpp"
#include "sandbox_session.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using quern::OwnerRecord;
using quern::UniqueFd;
using quern::test::run_step;
using quern::test::session;
using quern::test::TestGuest;

namespace {

std::pair<uid_t, gid_t> owner(const std::filesystem::path& path) {
    struct stat status = {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return {status.st_uid, status.st_gid};
}

std::pair<uid_t, gid_t> host_ids(std::uint32_t uid, std::uint32_t gid) {
    const auto ids = session().names.ids();
    return {ids.to_host(uid), ids.to_host(gid)};
}

void as_builder(quern::sandbox::Command& command) {
    command.uid = 1000;
    command.gid = 1000;
}

}  // namespace

TEST_CASE(
    "sandbox: files made by root of the guest belong to guest id 0", "[integration][sandbox]"
) {
    const TestGuest guest;
    const auto result = run_step(guest, "id -u; id -g; : > /home/build/made; umask");
    CAPTURE(result.output);
    REQUIRE(result.status);
    CHECK(result.status->is_success());
    CHECK(result.output == "0\n0\n0022\n");
    CHECK(owner(guest.path("home/build/made")) == host_ids(0, 0));
}

TEST_CASE(
    "sandbox: root of the guest gives files to any id of the range", "[integration][sandbox]"
) {
    if (session().names.ids().count == 1) {
        return;  // the next case
    }
    const TestGuest guest;
    const auto result = run_step(
        guest, "umask; : > /a && chown 1000:50 /a && chmod 4755 /a && stat -c '%u %g %a' /a"
    );
    CAPTURE(result.output);
    REQUIRE(result.status);
    CHECK(result.output == "0022\n1000 50 4755\n");
    CHECK(owner(guest.path("a")) == host_ids(1000, 50));
}

TEST_CASE("sandbox: of a single id, a note says whose a file is", "[integration][sandbox]") {
    if (session().names.ids().count > 1) {
        return;
    }
    const TestGuest guest;
    const auto give = [&](const std::string& change, const std::string& path) {
        const auto result = run_step(guest, ": >> /a; ln -sfn nowhere /l; " + change, [](auto&) {});
        CAPTURE(change, result.output);
        REQUIRE(result.status);
        CHECK(result.status->is_success());
        const UniqueFd fd(::open(guest.path(path).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat status = {};
        REQUIRE(::fstat(fd.get(), &status) == 0);
        CHECK(owner(guest.path(path)) == host_ids(0, 0));
        return quern::sandbox::noted_owner(fd.get(), status);
    };
    CHECK(give("chown 1000:50 /a", "a") == OwnerRecord{1000, 50});
    CHECK(give("chgrp 7 /a", "a") == OwnerRecord{1000, 7});
    CHECK(give("chown -h 8:9 /l", "l") == OwnerRecord{8, 9});
    CHECK(give("chown 0:0 /a", "a") == OwnerRecord{});
    CHECK(give("! chown 65536 /a && ! chown 1 /none && ! chown 1 /usr", "a") == OwnerRecord{});
}

TEST_CASE(
    "sandbox: who may not give files away may not do it by notes either", "[integration][sandbox]"
) {
    const TestGuest guest;
    const auto result = run_step(guest, ": > /a; chown 1000:50 /a", [](auto& command) {
        command.drop_capabilities = {"CAP_CHOWN"};
    });
    CAPTURE(result.output);
    REQUIRE(result.status);
    CHECK_FALSE(result.status->is_success());
}

TEST_CASE("sandbox: a step runs as the user that it names", "[integration][sandbox]") {
    const TestGuest guest;
    const auto [uid, gid] = host_ids(1000, 1000);
    REQUIRE(::chown(guest.path("home/build").c_str(), uid, gid) == 0);
    const auto result = run_step(
        guest, "id -u; id -g; : > /home/build/made; grep CapEff /proc/self/status", as_builder
    );
    CAPTURE(result.output, result.status ? "" : result.status.error().message());
    REQUIRE(result.status);
    CHECK(result.output == "1000\n1000\nCapEff:\t0000000000000000\n");
    CHECK(owner(guest.path("home/build/made")) == host_ids(1000, 1000));
}

TEST_CASE("sandbox: a named user cannot change what belongs to root", "[integration][sandbox]") {
    if (session().names.ids().count == 1) {
        return;  // all files have one owner there
    }
    const TestGuest guest;
    const auto result = run_step(guest, "echo x > /etc/passwd", as_builder);
    REQUIRE(result.status);
    CHECK_FALSE(result.status->is_success());
    CHECK_FALSE(std::filesystem::exists(guest.path("etc/passwd")));
}
