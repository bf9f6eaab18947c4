// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/overlay.hpp"
#include "sandbox_session.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>

using quern::test::run_step;
using quern::test::TestGuest;

namespace {

/// A guest whose root is an overlay on that of a TestGuest, in a directory with an awkward name.
struct OverlaidGuest {
    OverlaidGuest()
        : directory(*quern::TempDir::create("/tmp", "quern-over,lay:")),
          overlay(*quern::rootfs::Overlay::mount(lower.guest().root, directory.path() / "scratch")
          ) {
        guest.guest() = lower.guest();
        guest.guest().root = overlay.path();
    }
    TestGuest lower;
    TestGuest guest;
    quern::TempDir directory;
    quern::rootfs::Overlay overlay;
};

}  // namespace

TEST_CASE(
    "overlay: a directory of the lower layer can be removed and made again",
    "[integration][overlay]"
) {
    const OverlaidGuest made;
    REQUIRE(run_step(made.lower, "mkdir /etc/dir && echo old > /etc/dir/file").status);
    const auto result =
        run_step(made.guest, "rm -r /etc/dir && mkdir /etc/dir && ls /etc/dir | wc -l");
    CHECK(result.output == "0\n");
    CHECK(std::filesystem::exists(made.lower.path("etc/dir/file")));
}

TEST_CASE("overlay: the guest's root owns the root directory", "[integration][overlay]") {
    const OverlaidGuest made;
    CHECK(
        run_step(made.guest, "echo in > /file && stat -c '%u %a' / && cat /file").output ==
        "0 755\nin\n"
    );
    CHECK_FALSE(std::filesystem::exists(made.lower.path("file")));
}

TEST_CASE("overlay: a change of a lower file stays in the upper layer", "[integration][overlay]") {
    const OverlaidGuest made;
    REQUIRE(run_step(made.lower, "echo old > /etc/file").status);
    CHECK(run_step(made.guest, "echo new >> /etc/file && cat /etc/file").output == "old\nnew\n");
    CHECK(run_step(made.lower, "cat /etc/file").output == "old\n");
}

TEST_CASE("overlay: other users cannot reach the scratch directory", "[integration][overlay]") {
    const OverlaidGuest made;
    struct stat status = {};
    REQUIRE(::stat((made.directory.path() / "scratch").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700U);
}
