// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// QUERN_TEST_AS says who runs the tests: `caller` is whoever called, with the best ids there are,
// `single` the same with a single id, `user` and `user-single` an ordinary user with and without a
// range (root changes to it first).
#define CATCH_CONFIG_RUNNER
#include "sandbox_session.hpp"

#include <catch2/catch.hpp>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>

namespace quern::test {

namespace {

/// Meson's number for a test that could not run.
constexpr int skipped = 77;
constexpr uid_t plain_uid = 65534;

struct Entered {
    sandbox::UserNamespace names;
    std::unique_ptr<sandbox::Sandbox> sandbox;
};

std::optional<Entered>& entered() {
    static std::optional<Entered> value;
    return value;
}

int skip(const std::string& reason) {
    std::cout << "skipped: " << reason << "\n";
    return skipped;
}

/// The test machine's user with a range of ids, else one without.
bool become_user(bool with_range) {
    const passwd* const user = with_range ? ::getpwnam("quern-test") : nullptr;
    if (with_range && user == nullptr) {
        return false;
    }
    const uid_t uid = user != nullptr ? user->pw_uid : plain_uid;
    const gid_t gid = user != nullptr ? user->pw_gid : plain_uid;
    // A process that changed its user may not look at itself in /proc until it says so.
    return ::setgroups(0, nullptr) == 0 && ::setresgid(gid, gid, gid) == 0 &&
           ::setresuid(uid, uid, uid) == 0 && ::prctl(PR_SET_DUMPABLE, 1) == 0;
}

Result<void> enter(sandbox::UserNamespace::Range range) {
    QUERN_TRY(sandbox::UserNamespace names, sandbox::UserNamespace::enter(range));
    entered().emplace(Entered{.names = std::move(names), .sandbox = nullptr});
    QUERN_TRY(entered()->sandbox, sandbox::make_bubblewrap(entered()->names));
    return {};
}

}  // namespace

SandboxSession& session() {
    static SandboxSession value{.names = entered()->names, .sandbox = *entered()->sandbox};
    return value;
}

TestGuest::TestGuest() : directory_(*TempDir::create("/tmp", "quern-sandbox-")) {
    const uid_t owner = session().names.ids().to_host(0);
    guest_.root = directory_.path() / "root";
    const auto own = [&](const std::filesystem::path& path) {
        REQUIRE(::lchown(path.c_str(), owner, owner) == 0);
    };
    for (const char* const name : {"", "usr", "etc", "tmp", "home", "home/build", "proc", "dev"}) {
        std::filesystem::create_directory(guest_.root / name);
        REQUIRE(
            ::chmod((guest_.root / name).c_str(), std::string_view(name) == "tmp" ? 01777 : 0755) ==
            0
        );
        own(guest_.root / name);
    }
    for (const char* const name : {"bin", "lib", "lib64", "sbin"}) {
        std::filesystem::create_symlink(std::string("usr/") + name, guest_.root / name);
        own(guest_.root / name);
    }
    guest_.mounts = {{.source = "/usr", .target = "/usr", .read_only = true}};
}

StepResult run_step(
    const TestGuest& guest,
    const std::string& script,
    const std::function<void(sandbox::Command&)>& change
) {
    sandbox::Command command;
    command.argv = {"/bin/sh", "-c", script};
    command.environment = {{"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"}};
    command.timeout = std::chrono::seconds(30);
    if (change) {
        change(command);
    }
    StepResult result{.status = Error(ErrorCode::io, "not run"), .output = {}};
    const CancelToken cancel;
    result.status = session().sandbox.run(
        guest.guest(),
        command,
        [&](std::string_view bytes, bool) { result.output.append(bytes); },
        cancel
    );
    return result;
}

}  // namespace quern::test

int main(int argc, char** argv) {
    using quern::sandbox::UserNamespace;
    const char* const wanted = std::getenv("QUERN_TEST_AS");
    const std::string_view as = wanted != nullptr ? wanted : "caller";
    if (as.starts_with("user") && ::geteuid() != 0) {
        return quern::test::skip("only root can become another user");
    }
    if (as.starts_with("user") && !quern::test::become_user(as == "user")) {
        return quern::test::skip("there is no user 'quern-test' (useradd quern-test)");
    }
    const auto range =
        as.ends_with("single") ? UserNamespace::Range::single : UserNamespace::Range::automatic;
    if (const auto done = quern::test::enter(range); !done) {
        return quern::test::skip(done.error().message() + " (" + done.error().help() + ")");
    }
    std::cout << "as " << quern::test::session().names.description() << "\n";
    return Catch::Session().run(argc, argv);
}
