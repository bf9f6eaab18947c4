// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_cache.hpp"

#include "support/atomic_file.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/rootfs/local_packages.hpp"
#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace quern;
using namespace quern::rootfs;
using namespace quern::test;

namespace {

struct Cache : LocalPackages {
    Cache() { add(package_of("a", {test::directory("usr"), file("usr/a", "content")})); }

    Result<CachedRoot> prepare() {
        return LayerCache(path()).prepare(description, store, options(), reporter);
    }
    std::filesystem::path path() const { return directory.path() / "roots"; }
};

}  // namespace

TEST_CASE("layer cache: a tree is made once and found again", "[rootfs][layer_cache]") {
    Cache cache;
    const auto made = cache.prepare();
    REQUIRE(made);
    CHECK_FALSE(made->was_cached);
    CHECK(read_file(made->tree / "usr/a").value_or("") == "content");
    const auto found = cache.prepare();
    REQUIRE(found);
    CHECK(found->was_cached);
    CHECK(found->tree == made->tree);
    CHECK(names_in(cache.path()) == made->key);
    CHECK(cache.reporter.events_of("finish: unpacking the root: 1 files").size() == 1);
}

TEST_CASE("layer cache: other packages are another tree", "[rootfs][layer_cache]") {
    Cache cache;
    const auto one = cache.prepare();
    cache.add(package_of("b", {file("b", "")}));
    const auto other = cache.prepare();
    REQUIRE(one);
    REQUIRE(other);
    CHECK(one->key != other->key);
    CHECK(read_file(one->tree / "usr/a").value_or("") == "content");
}

TEST_CASE("layer cache: another range of ids is another tree", "[rootfs][layer_cache]") {
    Cache cache;
    const auto one = cache.prepare();
    auto options = cache.options();
    options.owner.count = 2;
    const auto other =
        LayerCache(cache.path()).prepare(cache.description, cache.store, options, cache.reporter);
    REQUIRE(one);
    REQUIRE(other);
    CHECK(one->key != other->key);
}

TEST_CASE("layer cache: only its owner may enter it", "[rootfs][layer_cache]") {
    Cache cache;
    REQUIRE(cache.prepare());
    struct stat status = {};
    REQUIRE(::stat(cache.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700);
}

TEST_CASE("layer cache: a failure leaves nothing", "[rootfs][layer_cache]") {
    Cache cache;
    cache.add(package_of("b", {file("usr/a", "other")}));
    const auto made = cache.prepare();
    REQUIRE_FALSE(made);
    CHECK(made.error().message().find("both bring /usr/a") != std::string::npos);
    CHECK(names_in(cache.path()).empty());
}

TEST_CASE("layer cache: a request to stop leaves nothing", "[rootfs][layer_cache]") {
    Cache cache;
    cache.cancel.request();
    const auto made = cache.prepare();
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == ErrorCode::interrupted);
    CHECK(names_in(cache.path()).empty());
}

TEST_CASE(
    "layer cache: what dead makers left is removed, others' work is not", "[rootfs][layer_cache]"
) {
    Cache cache;
    const auto abandoned = cache.path() / "making-aaaaaa";
    const auto alive = cache.path() / "making-bbbbbb";
    for (const auto& path : {abandoned, alive}) {
        std::filesystem::create_directories(path / "root/usr");
        REQUIRE(write_file_atomically(path / "lock", ""));
    }
    const auto lock = FileLock::acquire(alive / "lock", FileLock::Mode::shared);
    REQUIRE(lock);
    const auto made = cache.prepare();
    REQUIRE(made);
    CHECK_FALSE(std::filesystem::exists(abandoned));
    CHECK(std::filesystem::exists(alive / "root/usr"));
}

TEST_CASE("layer cache: a tree in use is locked", "[rootfs][layer_cache]") {
    Cache cache;
    auto made = cache.prepare();
    REQUIRE(made);
    const auto lock_path = made->tree.parent_path() / "lock";
    const UniqueFd lock(::open(lock_path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(lock);
    CHECK(::flock(lock.get(), LOCK_EX | LOCK_NB) != 0);
    { const CachedRoot released = std::move(*made); }
    CHECK(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
}

TEST_CASE("layer cache: several makers of one tree get one tree", "[rootfs][layer_cache]") {
    Cache cache;
    std::vector<std::string> trees(4);
    {
        std::vector<std::jthread> makers;
        for (std::string& tree : trees) {
            makers.emplace_back([&cache, &tree] {
                const auto made = cache.prepare();
                tree = made ? made->tree.string() : made.error().message();
            });
        }
    }
    const auto again = cache.prepare();
    REQUIRE(again);
    for (const std::string& tree : trees) {
        CHECK(tree == again->tree.string());
    }
    CHECK(names_in(cache.path()) == again->key);
}
