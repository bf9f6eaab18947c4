// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/secrets.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "tests/support/recording_reporter.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace quern::build {

using Texts = std::vector<std::string>;

TEST_CASE("secrets: a step names those whose path it has", "[build][secrets]") {
    pipeline::Step step;
    step.script = "cat /run/secrets/b /run/secrets/a.key; x='/run/secrets/b'\n/run/secrets/../x";
    step.environment = {{"TOKEN_FILE", "/run/secrets/c"}};
    CHECK(named_secrets(step) == Texts{"a.key", "b", "c"});
}

TEST_CASE("secrets: files are for the step's user only and go away", "[build][secrets]") {
    auto scratch = TempDir::create(std::filesystem::temp_directory_path(), "secrets.");
    REQUIRE(scratch);
    const auto source = scratch->path() / "source";
    REQUIRE(write_file_atomically(source, "first line\nxy\nlast"));
    RecordingReporter reporter;
    {
        const auto secrets = StepSecrets::open(
            {"given", "other"}, {{"given", source}}, scratch->path(), ::geteuid(), reporter
        );
        REQUIRE(secrets);
        REQUIRE(secrets->mounts().size() == 1);
        CHECK(secrets->mounts()[0].target == "/run/secrets/given");
        CHECK(secrets->mounts()[0].read_only);
        struct stat status = {};
        REQUIRE(::stat(secrets->mounts()[0].source.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0400U);
        // Lines too short to mean anything would mask half of a log.
        CHECK(secrets->hidden() == Texts{"first line", "last"});
    }
    CHECK_FALSE(std::filesystem::exists(scratch->path() / "secrets"));
    REQUIRE(reporter.events().size() == 1);
    CHECK(reporter.events()[0].find("--secret id=other") != std::string::npos);
}

}  // namespace quern::build
