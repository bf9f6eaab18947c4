// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/index_draft.hpp"

#include "archive/gzip_chunks.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;

namespace {

/// Names as different as real ones, so that they fall in several groups.
IndexEntry entry_of(std::size_t number, std::string version = "1-r0") {
    IndexEntry entry;
    entry.checksum = "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";
    entry.name = fmt::format("p{:x}", number * 2654435761U % 1000003);
    entry.version = std::move(version);
    entry.architecture = "x86_64";
    entry.file_size = 1000 + number;
    entry.description = fmt::format("package number {}", number);
    return entry;
}

std::vector<IndexEntry> entries_of(std::size_t count) {
    std::vector<IndexEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
        entries.push_back(entry_of(i));
    }
    return entries;
}

std::string written(const IndexDraft& draft, ThreadPool* pool = nullptr) {
    auto bytes = draft.write(&test_key(), pool);
    REQUIRE(bytes);
    return std::move(*bytes);
}

IndexDraft reread(const std::string& bytes) {
    auto draft = read_index_draft(bytes, test_keyring(), {});
    REQUIRE(draft);
    return std::move(*draft);
}

std::string names_of(const IndexDraft& draft) {
    std::string names;
    for (const IndexRecord& record : draft.records()) {
        names += (names.empty() ? "" : " ") + std::string(record.name) + "-" +
                 std::string(record.version);
    }
    return names;
}

/// Chunks of the body, which begins behind the signature's member.
std::vector<std::string> chunks_of(const std::string& bytes) {
    const std::size_t body = bytes.find(archive::MemberFrame::header(), 1);
    const auto member = archive::read_chunks(std::string_view(bytes).substr(body), 1U << 30U);
    REQUIRE(member);
    std::vector<std::string> chunks;
    for (const archive::ChunkPlace& chunk : member->chunks) {
        chunks.emplace_back(chunk.bytes);
    }
    return chunks;
}

}  // namespace

TEST_CASE("index_draft: the bytes do not tell how the list came to be", "[apk][index_draft]") {
    Index index;
    index.description = "of tests";
    index.entries = entries_of(2000);
    const std::string at_once = written(IndexDraft(index));
    ThreadPool pool(3);
    CHECK(written(IndexDraft(index), &pool) == at_once);
    CHECK(written(reread(at_once)) == at_once);

    Index sorted = index;
    sorted.sort();
    const auto plain = write_index(sorted, &test_key());
    REQUIRE(plain);
    CHECK(*plain == at_once);

    // The last ones first, then the others in pieces, each read from what was written before.
    const std::vector<IndexEntry> all = std::move(index.entries);
    index.entries.assign(all.begin() + 1000, all.end());
    std::string bytes = written(IndexDraft(index));
    for (std::size_t begin = 0; begin < 1000; begin += 250) {
        IndexDraft draft = reread(bytes);
        draft.merge(std::span(all).subspan(begin, 250));
        draft.merge(std::span(all).subspan(begin, 1));
        bytes = written(draft);
    }
    CHECK(bytes == at_once);
    const auto file = read_index(bytes, &test_keyring());
    REQUIRE(file);
    CHECK(file->index.description == "of tests");
    CHECK(file->index.to_string() == sorted.to_string());
}

TEST_CASE("index_draft: one package more changes few chunks", "[apk][index_draft]") {
    Index index;
    index.entries = entries_of(3000);
    const std::string before = written(IndexDraft(index));
    IndexDraft draft = reread(before);
    draft.merge(std::vector{entry_of(3001)});
    const std::vector<std::string> old = chunks_of(before);
    const std::vector<std::string> fresh = chunks_of(written(draft));
    REQUIRE(old.size() > 6);
    std::size_t changed = 0;
    for (const std::string& chunk : fresh) {
        changed += std::find(old.begin(), old.end(), chunk) == old.end() ? 1U : 0U;
    }
    CHECK(changed >= 2);  // the head and a group; the padding of the tail may be the same
    CHECK(changed <= 4);
}

TEST_CASE("index_draft: later entries replace, others go", "[apk][index_draft]") {
    Index index;
    IndexEntry newer = entry_of(7, "1.10-r0");
    index.entries = {newer, entry_of(7, "1.9-r0"), entry_of(7, "1.00-r0"), entry_of(7, "1.0-r0")};
    newer.description = "replaced";
    index.entries.push_back(newer);
    IndexDraft draft(index);
    const std::string name = newer.name;
    CHECK(
        names_of(draft) ==
        name + "-1.0-r0 " + name + "-1.00-r0 " + name + "-1.9-r0 " + name + "-1.10-r0"
    );
    const IndexRecord* found = draft.find(name, "1.10-r0");
    REQUIRE(found != nullptr);
    CHECK(found->text.find("T:replaced\n") != std::string_view::npos);
    CHECK(found->architecture == "x86_64");
    CHECK(found->file_name() == name + "-1.10-r0.apk");
    CHECK(draft.find(name, "2") == nullptr);

    const IndexDraft copy = draft;
    draft.erase_if([](const IndexRecord& record) { return record.version != "1.9-r0"; });
    CHECK(names_of(draft) == name + "-1.9-r0");
    draft.replace_all({copy.records()[1], copy.records()[0]});
    CHECK(names_of(draft) == name + "-1.0-r0 " + name + "-1.00-r0");
    CHECK(draft.to_index({})->entries.size() == 2);
}

TEST_CASE("index_draft: what others wrote is read and put in order", "[apk][index_draft]") {
    // Not sorted, a field that we do not know, no empty line at the end.
    const std::string text = "C:\nP:b\nV:2\nX:y\n\nC:\nP:a\nV:1";
    Index index = *Index::parse(text);
    const auto bytes = write_index(index, &test_key());
    REQUIRE(bytes);
    const IndexDraft draft = reread(*bytes);
    CHECK(names_of(draft) == "a-1 b-2");
    CHECK(written(draft) == written(IndexDraft(index)));
}

TEST_CASE("index_draft: a signature comes before anything else", "[apk][index_draft]") {
    const std::string good =
        written(IndexDraft(Index{.description = "", .entries = entries_of(5)}));
    for (std::size_t i = good.find(archive::MemberFrame::header(), 1); i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const auto draft = read_index_draft(changed, test_keyring(), {});
        REQUIRE_FALSE(draft);
        CHECK(draft.error().code() == ErrorCode::signature);
    }
    const auto bare = IndexDraft().write(nullptr);
    REQUIRE(bare);
    CHECK(read_index_draft(*bare, test_keyring(), {}).error().code() == ErrorCode::signature);
}

TEST_CASE("index_draft: limits hold for what we wrote, too", "[apk][index_draft]") {
    const std::string bytes =
        written(IndexDraft(Index{.description = "", .entries = entries_of(50)}));
    const auto few = read_index_draft(bytes, test_keyring(), {.entries = 49});
    REQUIRE_FALSE(few);
    CHECK(few.error().help().find("--max-index-entries") != std::string::npos);
    const auto small = read_index_draft(bytes, test_keyring(), {.text_bytes = 1000});
    REQUIRE_FALSE(small);
    CHECK(small.error().help().find("--max-index-text-bytes") != std::string::npos);
    CHECK(read_index_draft(bytes, test_keyring(), {.entries = 50}));
}
