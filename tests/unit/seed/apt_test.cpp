// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/apt.hpp"

#include "seed/apt_sources.hpp"
#include "seed/stamp.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::seed;

namespace {

const SourceRules rules{"bookworm", "/k/debian-archive-keyring.gpg", false};

TempDir temporary() {
    return std::move(*TempDir::create(std::filesystem::temp_directory_path(), "apt-test-"));
}

}  // namespace

TEST_CASE(
    "apt_sources: Debian's own entries are taken from one-line files", "[seed][apt_sources]"
) {
    const std::string chosen = select_one_line_sources(
        "# a comment\n"
        "deb http://mirror.invalid/debian bookworm main contrib  # end\n"
        "deb [arch=amd64 signed-by=/k/debian-archive-bookworm-stable.gpg] "
        "http://mirror.invalid/debian bookworm-updates non-free main\n"
        "deb-src http://mirror.invalid/debian bookworm main\n"
        "deb http://mirror.invalid/debian trixie main\n"
        "deb http://mirror.invalid/debian bookworm-backports main\n"
        "deb http://mirror.invalid/debian bookworm contrib\n"
        "deb [signed-by=/k/vendor.gpg] http://vendor.invalid/debian bookworm main\n"
        "deb cdrom:[Debian]/ bookworm main\n"
        "deb [broken\n"
        "deb http://short.invalid\n",
        rules
    );
    CHECK(
        chosen ==
        "Types: deb\nURIs: http://mirror.invalid/debian\nSuites: bookworm\nComponents: "
        "main\nSigned-By: /k/debian-archive-keyring.gpg\n\n"
        "Types: deb\nURIs: http://mirror.invalid/debian\nSuites: bookworm-updates\nComponents: "
        "main\nSigned-By: /k/debian-archive-bookworm-stable.gpg\n\n"
    );
}

TEST_CASE("apt_sources: Debian's own entries are taken from deb822 files", "[seed][apt_sources]") {
    const std::string chosen = select_deb822_sources(
        "Types: deb deb-src\nURIs: http://mirror.invalid/debian\nSuites: bookworm bookworm-updates "
        "bookworm-backports\nComponents: main\n"
        "Signed-By: /k/debian-archive-keyring.gpg\n"
        "\n"
        "Enabled: no\nTypes: deb\nURIs: http://mirror.invalid/debian\nSuites: "
        "bookworm\nComponents: main\n"
        "\n"
        "Types: deb\nURIs: http://vendor.invalid\nSuites: bookworm\nComponents: main\nSigned-By:\n "
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
        "\n"
        "Types: deb\nURIs: http://mirror.invalid/debian-security\n http://second.invalid\nSuites: "
        "bookworm-security\nComponents: main\n",
        {"bookworm", "", true}
    );
    CHECK(
        chosen ==
        "Types: deb deb-src\nURIs: http://mirror.invalid/debian\nSuites: bookworm "
        "bookworm-updates\nComponents: main\n"
        "Signed-By: /k/debian-archive-keyring.gpg\n\n"
        "Types: deb deb-src\nURIs: http://mirror.invalid/debian-security "
        "http://second.invalid\nSuites: bookworm-security\nComponents: main\n\n"
    );
}

TEST_CASE("apt_sources: a machine without the release says what to do", "[seed][apt_sources]") {
    const TempDir directory = temporary();
    REQUIRE(write_file_atomically(
        directory.path() / "sources.list", "deb http://mirror.invalid/debian trixie main\n"
    ));
    const auto chosen = select_system_sources(directory.path(), rules);
    REQUIRE(!chosen);
    CHECK(chosen.error().code() == ErrorCode::not_found);
    CHECK_THAT(chosen.error().help(), Catch::Contains("bookworm.sources"));
}

TEST_CASE("apt: a simulated installation is read", "[seed][apt]") {
    const auto packages = parse_simulation(
        "NOTE: This is only a simulation!\n"
        "Inst gcc-12-base (12.2.0-14+deb12u1 Debian:12.15/oldstable, "
        "Debian-Security:12/oldstable-security [amd64])\n"
        "Inst libc6 [2.36-9] (2.36-9+deb12u14 Debian:12.15/oldstable [amd64]) []\n"
        "Inst autoconf (2.71-3 Debian:12.15/oldstable [all])\n"
        "Conf libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [amd64])\n"
        "Inst broken\n"
    );
    REQUIRE(packages.size() == 3);
    CHECK(packages[0].name == "gcc-12-base");
    CHECK(packages[0].version == "12.2.0-14+deb12u1");
    CHECK(packages[0].architecture == "amd64");
    CHECK(packages[1].version == "2.36-9+deb12u14");
    CHECK(packages[1].architecture == "amd64");
    CHECK(packages[2].architecture == "all");
}

TEST_CASE("apt: its private state keeps away from the system's", "[seed][apt]") {
    const TempDir directory = temporary();
    AptOptions options;
    options.directory = directory.path() / "state of apt";
    options.architecture = "amd64";
    options.sources = "Types: deb\n";
    options.installed = {"dpkg"};
    const auto apt = Apt::prepare(options);
    REQUIRE(apt);
    CHECK(!apt->has_lists());
    const auto text = read_file(options.directory / "apt.conf");
    REQUIRE(text);
    CHECK_THAT(*text, Catch::Contains("Dir::State \"" + options.directory.string() + "/state\";"));
    CHECK_THAT(*text, Catch::Contains("#clear DPkg::Post-Invoke;"));
    CHECK_THAT(
        *read_file(options.directory / "status"),
        Catch::Contains("Package: dpkg\nStatus: install ok installed\n")
    );

    options.directory = directory.path() / "with\"quote";
    CHECK(!Apt::prepare(options));
}

TEST_CASE("stamp: a repository that is as it was is known", "[seed][stamp]") {
    const TempDir directory = temporary();
    REQUIRE(write_file_atomically(directory.path() / "APKINDEX.tar.gz", "index"));
    REQUIRE(write_file_atomically(directory.path() / "a-1-r0.apk", "12345"));
    Stamp stamp;
    stamp.key = "k";
    stamp.index = digest_of(DigestKind::sha256, "index").hex();
    stamp.packages["a"] = {"a-1-r0.apk", "key-of-a", 5};

    const Stamp again = Stamp::parse(stamp.to_string());
    CHECK(again.key == "k");
    CHECK(again.matches(directory.path()));
    REQUIRE(again.find("a", "key-of-a", directory.path()) != nullptr);
    CHECK(again.find("a", "another", directory.path()) == nullptr);

    REQUIRE(write_file_atomically(directory.path() / "a-1-r0.apk", "1234"));
    CHECK(!again.matches(directory.path()));
    CHECK(again.find("a", "key-of-a", directory.path()) == nullptr);
}

TEST_CASE("stamp: what is no stamp is an empty one", "[seed][stamp]") {
    const auto* text =
        GENERATE("", "other\nkey k\n", "quern seed 1\nnonsense\npackage a ../../etc/x k 1\n");
    CHECK(Stamp::parse(text).packages.empty());
}
