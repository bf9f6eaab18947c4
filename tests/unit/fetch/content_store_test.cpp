// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/content_store.hpp"

#include "support/atomic_file.hpp"
#include "support/file_state.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace quern;
using namespace quern::fetch;

namespace {

const std::string content = "what was fetched";

Digest sha256_of(const std::string& text) {
    return digest_of(DigestKind::sha256, text);
}

std::string read_fd(int fd) {
    std::string text(1000, '\0');
    const ssize_t count = ::read(fd, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

TempDir make_directory() {
    auto made = TempDir::create(std::filesystem::temp_directory_path(), "store.");
    REQUIRE(made);
    return std::move(*made);
}

struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path first = directory.path() / "first";
    std::filesystem::path second = directory.path() / "second";
    ContentStore store{{first, second}};
};

}  // namespace

TEST_CASE("content_store: what was kept is found by its digest", "[fetch][content_store]") {
    Fixture f;
    const auto kind = GENERATE(DigestKind::sha256, DigestKind::sha512);
    auto fd = f.store.temporary();
    REQUIRE(fd);
    REQUIRE(write_all(fd->get(), content));
    const Digest digest = digest_of(kind, content);
    REQUIRE(f.store.insert(digest, fd->get()));
    const auto found = f.store.find(digest);
    REQUIRE(found);
    REQUIRE(*found);
    CHECK(read_fd((*found)->get()) == content);
    CHECK(
        f.store.path_of(digest).filename() ==
        (kind == DigestKind::sha256 ? "sha256:" : "sha512:") + digest.hex()
    );
    CHECK(
        std::distance(
            std::filesystem::directory_iterator(f.first), std::filesystem::directory_iterator()
        ) == 1
    );
}

TEST_CASE("content_store: a file that has a name is copied", "[fetch][content_store]") {
    Fixture f;
    const auto path = f.directory.path() / "mine";
    REQUIRE(write_file_atomically(path, content, 0600));
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(f.store.insert(sha256_of(content), fd.get()));
    REQUIRE(::ftruncate(fd.get(), 0) == 0);
    const auto found = f.store.find(sha256_of(content));
    REQUIRE(found);
    CHECK(found->has_value());
    struct stat status = {};
    REQUIRE(::stat(f.store.path_of(sha256_of(content)).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0644U);
}

TEST_CASE("content_store: later directories are looked through too", "[fetch][content_store]") {
    Fixture f;
    std::filesystem::create_directories(f.second);
    REQUIRE(write_file_atomically(f.second / ("sha256:" + sha256_of(content).hex()), content));
    const auto found = f.store.find(sha256_of(content));
    REQUIRE(found);
    CHECK(found->has_value());
}

TEST_CASE(
    "content_store: a file in a known state is not read again, a changed one is",
    "[fetch][content_store]"
) {
    Fixture f;
    auto fd = f.store.temporary();
    REQUIRE(fd);
    REQUIRE(write_all(fd->get(), "not what its name says"));
    const Digest digest = sha256_of(content);
    REQUIRE(f.store.insert(digest, fd->get(), {.is_durable = false}));
    const std::string state = file_state(fd->get());
    const auto trusted = f.store.find(digest, state);
    REQUIRE(trusted);
    CHECK(trusted->has_value());
    REQUIRE(::ftruncate(fd->get(), 3) == 0);
    const auto changed = f.store.find(digest, state);
    REQUIRE(changed);
    CHECK_FALSE(changed->has_value());
}

TEST_CASE("content_store: a damaged file is removed and not given", "[fetch][content_store]") {
    Fixture f;
    std::filesystem::create_directories(f.first);
    const auto path = f.store.path_of(sha256_of(content));
    REQUIRE(write_file_atomically(path, "what was fetcheD"));
    const auto found = f.store.find(sha256_of(content));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("content_store: a damaged file does not hide a good one", "[fetch][content_store]") {
    Fixture f;
    std::filesystem::create_directories(f.first);
    std::filesystem::create_directories(f.second);
    REQUIRE(write_file_atomically(f.store.path_of(sha256_of(content)), ""));
    REQUIRE(
        write_file_atomically(f.second / f.store.path_of(sha256_of(content)).filename(), content)
    );
    CHECK(f.store.find(sha256_of(content))->has_value());
}

TEST_CASE("content_store: what is not a file is passed over", "[fetch][content_store]") {
    Fixture f;
    std::filesystem::create_directories(f.first);
    const auto path = f.store.path_of(sha256_of(content));
    if (GENERATE(true, false)) {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    } else {
        std::filesystem::create_directories(path);
    }
    const auto found = f.store.find(sha256_of(content));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
}

TEST_CASE("content_store: a missing directory is empty", "[fetch][content_store]") {
    Fixture f;
    const auto found = f.store.find(sha256_of(content));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
    CHECK_FALSE(std::filesystem::exists(f.first));
}
