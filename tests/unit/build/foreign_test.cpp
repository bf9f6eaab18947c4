// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/foreign.hpp"

#include "quern/package_info.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

namespace quern::build {

TEST_CASE("foreign: an emulator has to work in guests", "[build][foreign]") {
    const auto handlers = TempDir::create(std::filesystem::temp_directory_path(), "binfmt.");
    REQUIRE(handlers);
    const auto directory = handlers->path();
    CHECK_FALSE(cannot_run(apk::host_architecture(), directory));
    const std::string foreign = apk::host_architecture() == "s390x" ? "riscv64" : "s390x";
    const auto file = directory / ("qemu-" + foreign);
    const auto missing = cannot_run(foreign, directory);
    REQUIRE(missing);
    CHECK(missing->help().find("qemu-user-static") != std::string::npos);
    const std::string rest = "interpreter /usr/libexec/qemu\nflags: ";
    REQUIRE(write_file_atomically(file, "enabled\n" + rest + "POCF\noffset 0\n"));
    CHECK_FALSE(cannot_run(foreign, directory));
    REQUIRE(write_file_atomically(file, "enabled\n" + rest + "OC\noffset 0\nmagic 7F\n"));
    CHECK(cannot_run(foreign, directory));
    REQUIRE(write_file_atomically(file, "disabled\n" + rest + "F\n"));
    CHECK(cannot_run(foreign, directory));
}

}  // namespace quern::build
