// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/index_table_cache.hpp"

#include "support/atomic_file.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

const Digest ours = digest_of(DigestKind::sha256, "these bytes");

struct Fixture {
    TempDir directory = make_directory();
    IndexTableCache cache{directory.path() / "tables"};

    Fixture() {
        auto table = apk::IndexTable::parse("P:a\nV:1\n");
        REQUIRE(table);
        cache.keep("place", ours, *table);
    }
    std::filesystem::path file() const {
        return std::filesystem::directory_iterator(directory.path() / "tables")->path();
    }
    bool knows(const Digest& digest = ours) const {
        const auto table = cache.find("place", digest, {});
        return table && table->size() == 1 && table->row(0).name == "a";
    }
};

}  // namespace

TEST_CASE("index_table_cache: a table is found for its bytes alone", "[repository]") {
    const Fixture f;
    CHECK(f.knows());
    CHECK_FALSE(f.knows(digest_of(DigestKind::sha256, "other bytes")));
    CHECK_FALSE(f.cache.find("another place", ours, {}));
    CHECK_FALSE(f.cache.find("place", ours, {.entries = 0}));
}

TEST_CASE("index_table_cache: a damaged file is as none", "[repository]") {
    const Fixture f;
    const auto bytes = read_file(f.file());
    REQUIRE(bytes);
    for (std::size_t i = 0; i < bytes->size(); ++i) {
        std::fstream file(f.file(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(i));
        file.put(static_cast<char>((*bytes)[i] ^ 1)).flush();
        CHECK_FALSE(f.knows());
        file.seekp(static_cast<std::streamoff>(i));
        file.put((*bytes)[i]).flush();
    }
    CHECK(f.knows());
}

TEST_CASE("index_table_cache: what others can write is as none", "[repository]") {
    const Fixture f;
    REQUIRE(::chmod(f.file().c_str(), 0666) == 0);
    CHECK_FALSE(f.knows());
    REQUIRE(::chmod(f.file().c_str(), 0644) == 0);
    CHECK(f.knows());
    const auto file = f.file();
    std::filesystem::rename(file, f.directory.path() / "elsewhere");
    std::filesystem::create_symlink(f.directory.path() / "elsewhere", file);
    CHECK_FALSE(f.knows());
}
