// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/index.hpp"

#include "archive/gzip_writer.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using namespace std::string_literals;
using namespace quern::apk;
using namespace quern::test;

namespace {

const std::string checksum = "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";

IndexEntry full_entry() {
    IndexEntry entry;
    entry.checksum = checksum;
    entry.name = "ledger";
    entry.version = "2.4.1-r7";
    entry.architecture = "x86_64";
    entry.file_size = 5000;
    entry.installed_size = 12000;
    entry.description = "Keeps \"books\"; # in plain text\\";
    entry.url = "https://ledger.example.org/#top";
    entry.license = "MIT";
    entry.origin = "ledger";
    entry.maintainer = "acme";
    entry.build_date = 1700000001;
    entry.commit = std::string(40, 'f');
    entry.provider_priority = 12;
    entry.depends = {"accounts-db>=3", "busybox"};
    entry.provides = {"audit=2.4.1-r7", "books"};
    entry.install_if = {"x", "y=1"};
    return entry;
}

IndexEntry small_entry(std::string name, std::string version = "1") {
    IndexEntry entry;
    entry.name = std::move(name);
    entry.version = std::move(version);
    return entry;
}

Index index_of(std::vector<IndexEntry> entries) {
    Index index;
    index.description = "of tests";
    index.entries = std::move(entries);
    return index;
}

Error failure(std::string_view text, const IndexLimits& limits = {}) {
    const auto index = Index::parse(text, limits);
    REQUIRE_FALSE(index);
    return index.error();
}

std::vector<std::string> names_of(const Index& index) {
    std::vector<std::string> names;
    for (const IndexEntry& entry : index.entries) {
        names.push_back(entry.name + "-" + entry.version);
    }
    return names;
}

Error refusal(
    std::string_view bytes, const Keyring* keyring = nullptr, const IndexLimits& limits = {}
) {
    const auto file = read_index(bytes, keyring, limits);
    REQUIRE_FALSE(file);
    return file.error();
}

}  // namespace

TEST_CASE("index: lines of a record stand in the recorded order", "[apk][index]") {
    CHECK(
        full_entry().to_string() ==
        "C:Q1m+sdMKtErkREQmg/"
        "kWNgnKU1BfM=\nP:ledger\nV:2.4.1-r7\nA:x86_64\nS:5000\nI:12000\nT:Keeps \"books\"; # in "
        "plain text\\\n"
        "U:https://ledger.example.org/"
        "#top\nL:MIT\no:ledger\nm:acme\nt:1700000001\nc:ffffffffffffffffffffffffffffffffffffffff\n"
        "D:accounts-db>=3 busybox\ni:x y=1\np:audit=2.4.1-r7 books\nk:12\n"
    );
    CHECK(small_entry("a").to_string() == "C:\nP:a\nV:1\nS:0\nI:0\nT:\n");
    CHECK(full_entry().file_name() == "ledger-2.4.1-r7.apk");
}

TEST_CASE("index: parsing inverts printing", "[apk][index]") {
    const Index index = index_of({full_entry(), small_entry("b"), small_entry("a", "0.99f7-r1")});
    const std::string text = index.to_string();
    const auto parsed = Index::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->to_string() == text);
    CHECK(parsed->entries.size() == 3);
    CHECK(parsed->entries[0].depends == full_entry().depends);
    CHECK(parsed->entries[0].build_date == full_entry().build_date);
}

TEST_CASE("index: values cannot make lines of their own", "[apk][index]") {
    IndexEntry entry = small_entry("a");
    entry.description = "x\nP:evil\n\nP:worse\x1b[2J";
    const auto parsed = Index::parse(index_of({entry}).to_string());
    REQUIRE(parsed);
    REQUIRE(parsed->entries.size() == 1);
    CHECK(parsed->entries[0].name == "a");
    CHECK(parsed->entries[0].description == "x P:evil P:worse\\x1b[2J");
}

TEST_CASE("index: odd but harmless texts are read", "[apk][index]") {
    const auto [text, names] = GENERATE(table<std::string, std::vector<std::string>>({
        {"", {}},
        {"\n\n\n", {}},
        {"P:a\nV:1", {"a-1"}},
        {"P:a\nV:1\n", {"a-1"}},
        {"\n\nP:a\nV:1\n\n\n\nP:b\nV:2\n\n\n", {"a-1", "b-2"}},
        {"V:1\nP:a\n\n", {"a-1"}},
        {"P:a\r\nV:1\r\n\r\n", {"a-1"}},
        {"P:a\nV:1\nZ:new\nq:1\nr:old\n\n", {"a-1"}},
        {"P:a\nV:1.0_foo\n\n", {"a-1.0_foo"}},
        {"P:a\nV:1\nC:X2zzz\n\n", {"a-1"}},
        {"P:a\nV:1\nS:\nk:\nD:\n\n", {"a-1"}},
    }));
    CAPTURE(text);
    const auto index = Index::parse(text);
    REQUIRE(index);
    CHECK(names_of(*index) == names);
}

TEST_CASE("index: an identity in hex is the same identity", "[apk][index]") {
    const auto index = Index::parse("C:X19beb1d30ab44ae4444426 83\n");
    CHECK_FALSE(index);
    const auto hex = Index::parse("P:a\nV:1\nC:X10000000000000000000000000000000000000000\n");
    REQUIRE(hex);
    CHECK(hex->entries[0].checksum == "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

TEST_CASE("index: wrong lines are refused with their number", "[apk][index]") {
    const auto [text, line] = GENERATE(table<std::string, std::string>({
        {"P:a\nV:1\nbroken\n\n", "line 3"},
        {"P:a\nV:1\nX\n\n", "line 3"},
        {"P:a\nV:1\n:x\n\n", "line 3"},
        {"P:a\nV:1\n1:x\n\n", "line 3"},
        {"P:a\nV:1\nS:12x\n\n", "line 3"},
        {"P:a\nV:1\nS:-1\n\n", "line 3"},
        {"P:a\nV:1\nS:99999999999999999999999\n\n", "line 3"},
        {"P:a\nV:1\nt:never\n\n", "line 3"},
        {"P:a\nV:1\nC:Q1not-base64!\n\n", "line 3"},
        {"P:a\nV:1\nC:Q1AAAA\n\n", "line 3"},
        {"P:a\nV:1\nC:X1abc\n\n", "line 3"},
        {"P:a\nP:b\nV:1\n\n", "line 2"},
        {"V:1\n\n", "line 2"},
        {"P:a\n\n", "line 2"},
        {"P:../a\nV:1\n\n", "line 3"},
        {"P:a/b\nV:1\n\n", "line 3"},
        {"P:a\nV:../1\n\n", "line 3"},
        {"P:a\nV:1\nA:../x\n\n", "line 4"},
        {"P:a\nV:1\nT:\x1b[31m\n\n", "line 3"},
        {"P:a\nV:1\nT:a\rb\n\n", "line 3"},
        {"P:a\nV:1\nT:a\0b\n\n"s, "line 3"},
    }));
    CAPTURE(text);
    const Error error = failure(text);
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(error.message().find("APKINDEX " + line) != std::string::npos);
    CHECK(error.message().find_first_of("\n\r\x1b") == std::string::npos);
}

TEST_CASE("index: limits are held and name their flag", "[apk][index]") {
    const auto flag = [](const Error& error) {
        CHECK(error.code() == ErrorCode::limit);
        return error.help();
    };
    CHECK(
        flag(failure("P:a\nV:1\nT:" + std::string(100, 'x'), {.line_bytes = 50}))
            .find("--max-index-line-bytes") != std::string::npos
    );
    CHECK(
        flag(failure("P:a\nV:1\n\nP:b\nV:1\n", {.entries = 1})).find("--max-index-entries") !=
        std::string::npos
    );
    CHECK(
        flag(failure("P:a\nV:1\nD:a b c\n", {.relations = 2})).find("--max-index-relations") !=
        std::string::npos
    );
    CHECK(
        flag(failure("P:a\nV:1\n", {.text_bytes = 3})).find("--max-index-text-bytes") !=
        std::string::npos
    );
    const std::string bytes = *write_index(index_of({full_entry()}), nullptr);
    CHECK(
        flag(refusal(bytes, nullptr, {.file_bytes = 10})).find("--max-index-file-bytes") !=
        std::string::npos
    );
    CHECK(
        flag(refusal(bytes, nullptr, {.text_bytes = 10})).find("--max-index-text-bytes") !=
        std::string::npos
    );
}

TEST_CASE("index: an endless body is not inflated to its end", "[apk][index]") {
    const std::string bomb = *archive::gzip_compress(std::string(std::size_t{64} << 20U, '\0'));
    CHECK(bomb.size() < 200000);
    CHECK(refusal(bomb, nullptr, {.text_bytes = 1U << 20U}).code() == ErrorCode::limit);
    const std::string section =
        *archive::gzip_compress(".SIGN.RSA.x" + std::string(std::size_t{8} << 20U, 'x'));
    CHECK(refusal(section).message().find("1 MiB") != std::string::npos);
}

TEST_CASE("index: merging replaces in place or appends, and twice is once", "[apk][index]") {
    Index index = index_of({small_entry("b"), small_entry("a"), small_entry("b", "2")});
    IndexEntry newer = small_entry("b");
    newer.description = "newer";
    Index one_by_one = index;
    for (int round = 0; round < 2; ++round) {
        one_by_one.merge(newer);
        one_by_one.merge(small_entry("c"));
        index.merge({newer, small_entry("c")});
        CHECK(names_of(index) == std::vector<std::string>{"b-1", "a-1", "b-2", "c-1"});
        CHECK(index.to_string() == one_by_one.to_string());
    }
    CHECK(index.entries[0].description == "newer");
    index.sort();
    CHECK(names_of(index) == std::vector<std::string>{"a-1", "b-1", "b-2", "c-1"});
}

TEST_CASE("index: versions of one name are sorted as versions", "[apk][index]") {
    Index index =
        index_of({small_entry("a", "1.10"), small_entry("a", "1.9"), small_entry("a", "1.9_rc1")});
    index.sort();
    CHECK(names_of(index) == std::vector<std::string>{"a-1.9_rc1", "a-1.9", "a-1.10"});
}

TEST_CASE("index: an entry says what the package says", "[apk][index]") {
    PackageInfo info;
    info.name = "x";
    info.version = "1-r0";
    info.architecture = "noarch";
    info.installed_size = 10;
    info.description = "a # b";
    info.licenses = {"MIT OR Zlib", "GPL-2.0-only"};
    info.depends = {"y"};
    info.provider_priority = 5;
    const IndexEntry entry = make_index_entry(info, checksum, 99);
    CHECK(
        entry.to_string() == "C:" + checksum +
                                 "\nP:x\nV:1-r0\nA:noarch\nS:99\nI:10\nT:a # b\nL:(MIT OR Zlib) "
                                 "AND GPL-2.0-only\nD:y\nk:5\n"
    );
    info.licenses = {"MIT OR Zlib"};
    CHECK(make_index_entry(info, checksum, 99).license == "MIT OR Zlib");
}

TEST_CASE("index: a signed index is verified before it is read", "[apk][index]") {
    const Index index = index_of({full_entry(), small_entry("b")});
    const auto bytes = write_index(index, &test_key());
    REQUIRE(bytes);
    const auto file = read_index(*bytes, &test_keyring());
    REQUIRE(file);
    CHECK(file->verified_by == "test.rsa.pub");
    CHECK(file->signatures.size() == 1);
    CHECK(file->index.description == "of tests");
    CHECK(file->index.to_string() == index.to_string());
    CHECK(*write_index(index, &test_key()) == *bytes);
    CHECK_FALSE(read_index(*bytes, nullptr)->verified_by.has_value());
    const Keyring nobody;
    CHECK(refusal(*bytes, &nobody).code() == ErrorCode::signature);
}

TEST_CASE("index: an unsigned index is refused where keys are given", "[apk][index]") {
    const std::string bytes = *write_index(index_of({small_entry("a")}), nullptr);
    CHECK(read_index(bytes, nullptr));
    const Error error = refusal(bytes, &test_keyring());
    CHECK(error.code() == ErrorCode::signature);
    CHECK(error.help().find("--ignore-signatures") != std::string::npos);
}

TEST_CASE("index: every changed or missing byte of a signed index is noticed", "[apk][index]") {
    const std::string bytes = *write_index(index_of({small_entry("a")}), &test_key());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        CAPTURE(i);
        CHECK_FALSE(read_index(std::string_view(bytes).substr(0, i), &test_keyring()));
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 0x20);
        const auto file = read_index(changed, &test_keyring());
        // Bytes of the signature member itself are not signed: where they say nothing the index is
        // the same.
        CHECK((!file || file->index.to_string() == "C:\nP:a\nV:1\nS:0\nI:0\nT:\n\n"));
    }
}

TEST_CASE("index: unsigned content before or behind the signed is not taken", "[apk][index]") {
    const std::string good = *write_index(index_of({small_entry("a")}), &test_key());
    const std::string evil = *write_index(index_of({small_entry("evil")}), nullptr);
    CHECK(refusal(good + evil, &test_keyring()).code() == ErrorCode::signature);
    CHECK(refusal(evil + good, &test_keyring()).code() == ErrorCode::signature);
    CHECK(refusal(evil + evil).code() == ErrorCode::invalid_data);
    CHECK(refusal(evil + "x").code() == ErrorCode::invalid_data);
    const std::string inside = member_of(
        {plain(".SIGN.RSA256.test.rsa.pub", "x"), plain("APKINDEX", "P:evil\nV:1\n\n")}, false
    );
    CHECK(refusal(inside + evil).code() == ErrorCode::invalid_data);
    CHECK(refusal(inside).code() == ErrorCode::invalid_data);
}

TEST_CASE("index: archives that are no index are refused", "[apk][index]") {
    CHECK(refusal("").code() == ErrorCode::invalid_data);
    CHECK(refusal("garbage that is no gzip").code() == ErrorCode::invalid_data);
    CHECK(refusal(*archive::gzip_compress("")).code() == ErrorCode::invalid_data);
    CHECK(refusal(*archive::gzip_compress("not tar")).code() == ErrorCode::invalid_data);
    CHECK(
        refusal(member_of({plain("DESCRIPTION", "x")}, true)).message().find("no APKINDEX") !=
        std::string::npos
    );
    CHECK(
        refusal(member_of({plain("APKINDEX", ""), plain("other", "x")}, true))
            .message()
            .find("other") != std::string::npos
    );
    CHECK(
        refusal(member_of({plain("APKINDEX", ""), plain("APKINDEX", "")}, true))
            .message()
            .find("twice") != std::string::npos
    );
    CHECK(
        refusal(member_of({soft_link("APKINDEX", "/etc/passwd")}, true)).code() ==
        ErrorCode::invalid_data
    );
    CHECK(read_index(member_of({plain("APKINDEX", "P:a\nV:1\n\n")}, false), nullptr));
}

TEST_CASE("index: signing replaces an existing signature", "[apk][index]") {
    const std::string bare = *write_index(index_of({small_entry("a")}), nullptr);
    const auto once = sign_index(bare, test_key());
    REQUIRE(once);
    CHECK(*once == *write_index(index_of({small_entry("a")}), &test_key()));
    CHECK(*sign_index(*once, test_key()) == *once);
    CHECK(sign_index("garbage", test_key()).error().code() == ErrorCode::invalid_data);
}
