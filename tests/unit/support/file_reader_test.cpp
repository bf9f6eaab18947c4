// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/file_reader.hpp"

#include "support/atomic_file.hpp"
#include "support/memory_file_reader.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace quern;

namespace {

/// What every FileReader does, given one that has only `directory`/a.
void check_contract(const FileReader& reader, const std::filesystem::path& directory) {
    CHECK(*reader.read(directory / "a") == "text");
    CHECK(*reader.read(directory / "." / "a") == "text");
    CHECK(reader.exists(directory / "a"));
    CHECK(reader.exists(directory));
    CHECK_FALSE(reader.exists(directory / "b"));
    CHECK(reader.read(directory / "b").error().code() == ErrorCode::not_found);
}

}  // namespace

TEST_CASE("file_reader: the disk and the memory read alike", "[support][file_reader]") {
    const auto dir = TempDir::create(std::filesystem::temp_directory_path(), "reader-");
    REQUIRE(dir);
    REQUIRE(write_file_atomically(dir->path() / "a", "text"));
    check_contract(DiskFileReader(), dir->path());
    MemoryFileReader memory;
    memory.add("some/dir/a", "text");
    check_contract(memory, "some/dir");
}
