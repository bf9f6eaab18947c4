// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/atomic_file.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

using namespace quern;

namespace fs = std::filesystem;

namespace {

TempDir make_dir() {
    auto dir = TempDir::create(fs::temp_directory_path(), "atomic-");
    REQUIRE(dir);
    return std::move(*dir);
}

std::ptrdiff_t count_entries(const fs::path& directory) {
    return std::distance(fs::directory_iterator(directory), fs::directory_iterator());
}

}  // namespace

TEST_CASE("atomic_file: appears on commit, with the mode asked for", "[support][atomic_file]") {
    const TempDir dir = make_dir();
    const auto path = dir.path() / "x";
    auto file = AtomicFile::create(path, 0666);
    REQUIRE(file);
    REQUIRE(file->write("content"));
    CHECK_FALSE(fs::exists(path));
    REQUIRE(file->commit());
    CHECK(*read_file(path) == "content");
    CHECK(fs::status(path).permissions() == fs::perms(0666));
    CHECK(count_entries(dir.path()) == 1);
}

TEST_CASE("atomic_file: leaves nothing without a commit", "[support][atomic_file]") {
    const TempDir dir = make_dir();
    {
        auto file = AtomicFile::create(dir.path() / "x");
        REQUIRE(file);
        const AtomicFile moved = std::move(*file);
        CHECK(fs::exists(moved.temporary_path()));
    }
    CHECK(count_entries(dir.path()) == 0);
}

TEST_CASE("atomic_file: a missing directory is not found", "[support][atomic_file]") {
    const TempDir dir = make_dir();
    const auto written = write_file_atomically(dir.path() / "no/x", "");
    CHECK(written.error().code() == ErrorCode::not_found);
    CHECK(written.error().help().find("mkdir -p") != std::string::npos);
}

TEST_CASE("read_file: takes up to the limit and no more", "[support][atomic_file]") {
    const TempDir dir = make_dir();
    const auto path = dir.path() / "x";
    REQUIRE(write_file_atomically(path, std::string(10000, 'y')));
    CHECK(read_file(path, 10000)->size() == 10000);
    CHECK(read_file(path, 9999).error().code() == ErrorCode::limit);
    CHECK(read_file(dir.path()).error().code() == ErrorCode::io);
    CHECK(read_file(dir.path() / "z").error().code() == ErrorCode::not_found);
    CHECK(read_file("/proc/self/stat")->size() > 10);  // says that its size is 0
}

TEST_CASE("file_lock: excludes others until it is released", "[support][atomic_file]") {
    const TempDir dir = make_dir();
    const auto path = dir.path() / "lock";
    {
        const auto lock = FileLock::acquire(path, FileLock::Mode::exclusive);
        REQUIRE(lock);
        const UniqueFd other(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        CHECK(::flock(other.get(), LOCK_SH | LOCK_NB) != 0);
    }
    const auto first = FileLock::acquire(path, FileLock::Mode::shared);
    const auto second = FileLock::acquire(path, FileLock::Mode::shared);
    CHECK(first);
    CHECK(second);
}
