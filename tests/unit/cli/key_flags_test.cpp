// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/key_flags.hpp"

#include "support/atomic_file.hpp"
#include "support/handle.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>

using namespace quern;
using quern::cli::read_passphrase;

namespace {

constexpr std::chrono::milliseconds no_wait{0};

/// A FIFO that has a writer, which may write at any time and does not close.
struct Fifo {
    TempDir directory = *TempDir::create(std::filesystem::temp_directory_path(), "fifo.");
    UniqueFd fd = open();

    UniqueFd open() const {
        const auto path = directory.path() / "fifo";
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
};

}  // namespace

TEST_CASE("passphrase: a descriptor that stays silent is an error", "[cli][key_flags]") {
    const Fifo fifo;
    const auto read = read_passphrase(fifo.fd.get(), no_wait);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::io);
    CHECK(read.error().message().find("no passphrase came") != std::string::npos);
    CHECK(read.error().help().find("--passphrase-file") != std::string::npos);
}

TEST_CASE("passphrase: its line is enough while the writer stays", "[cli][key_flags]") {
    const Fifo fifo;
    REQUIRE(write_all(fifo.fd.get(), "secret\n"));
    const auto read = read_passphrase(fifo.fd.get(), no_wait);
    REQUIRE(read);
    CHECK(*read == "secret\n");
}

TEST_CASE("passphrase: half a line and then silence is an error", "[cli][key_flags]") {
    const Fifo fifo;
    REQUIRE(write_all(fifo.fd.get(), "sec"));
    CHECK_FALSE(read_passphrase(fifo.fd.get(), no_wait));
}
