// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/extract.hpp"
#include "archive/gzip_writer.hpp"
#include "archive_samples.hpp"
#include "unpacked.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

namespace quern::archive {
namespace {

/// Unpacks, and checks that nothing outside was touched.
Result<ExtractReport> unpack_safely(
    Unpacked& unpacked, std::string_view archive, const ExtractOptions& options = {}
) {
    auto result = unpacked.extract(archive, options);
    CHECK(unpacked.is_outside_untouched());
    return result;
}

TEST_CASE("extract: paths that leave are refused for every type", "[archive][extract]") {
    const auto path = GENERATE(
        as<std::string>(),
        "..",
        "../x",
        "a/../../outside/x",
        "a/..",
        "/",
        "/absolute",
        "//x",
        "../outside/secret",
        "a/b/../../../outside/new"
    );
    const char type = GENERATE('0', '1', '2', '5');
    CAPTURE(path, type);
    Unpacked unpacked;
    const std::string archive = raw_member("a/b/f", '0', "1") + raw_link(path, type, "a/b/f");
    const auto result = unpack_safely(unpacked, archive + end_blocks());
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
    const auto zipped = unpack_safely(unpacked, make_zip({{path, "x", 0100644, {}}}));
    REQUIRE(!zipped);
    CHECK(zipped.error().code() == ErrorCode::invalid_data);
}

TEST_CASE("extract: nothing is written through a link that leads out", "[archive][extract]") {
    auto target = GENERATE(
        as<std::string>(),
        "../outside",
        "(absolute)",
        "/",
        "..",
        "../destination/../outside",
        "/proc/self/cwd",
        "loop"
    );
    const auto entry = GENERATE(
        as<std::string>(),
        raw_member("loop/new", '0', "x"),
        raw_member("loop/secret", '0', "x"),
        raw_member("loop/new/", '5'),
        raw_member("loop/deep/new", '0', "x"),
        raw_link("loop/new", '2', "x"),
        raw_link("loop/new", '1', "file"),
        raw_link("new", '1', "loop/secret")
    );
    Unpacked unpacked;
    if (target == "(absolute)") {
        target = (unpacked.path() / "outside").string();
    }
    CAPTURE(target, entry.substr(0, 100));
    const std::string archive = raw_member("file", '0', "1") + raw_link("loop", '2', target);
    const auto result = unpack_safely(unpacked, archive + entry + end_blocks());
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
}

TEST_CASE("extract: links that lead out are kept as text only", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive =
        raw_link("out", '2', "../outside/secret") + raw_link("abs", '2', "/etc/passwd");
    REQUIRE(unpack_safely(unpacked, archive + end_blocks()));
    CHECK(unpacked.target("out") == "../outside/secret");
    // A file of that name replaces the link; its mode and time go to the file too.
    REQUIRE(unpack_safely(unpacked, raw_member("out", '0', "new") + end_blocks()));
    CHECK(unpacked.content("out") == "new");
    REQUIRE(unpack_safely(unpacked, raw_member("abs/", '5') + end_blocks()));
    CHECK(S_ISDIR(unpacked.status("abs").st_mode));
}

TEST_CASE("extract: links that are on disk already are not trusted", "[archive][extract]") {
    Unpacked unpacked;
    REQUIRE(unpacked.tree().make_symlink("way", "../outside"));
    REQUIRE(!unpack_safely(unpacked, raw_member("way/secret", '0', "x") + end_blocks()));
    REQUIRE(unpacked.tree().make_symlink("secret", "../outside/secret"));
    REQUIRE(unpack_safely(unpacked, raw_member("secret", '0', "mine") + end_blocks()));
    CHECK(unpacked.content("secret") == "mine");
}

TEST_CASE("extract: a file that was there is replaced, not rewritten", "[archive][extract]") {
    Unpacked unpacked;
    REQUIRE(unpacked.tree().write("file", "before"));
    const auto open_before = unpacked.tree().open_file("file");
    REQUIRE(open_before);
    struct stat status = {};
    REQUIRE(unpack_safely(unpacked, raw_member("file", '0', "after") + end_blocks()));
    REQUIRE(::fstat(open_before->get(), &status) == 0);
    CHECK(status.st_size == 6);
    CHECK(status.st_nlink == 0);
}

TEST_CASE("extract: hard links reach earlier files of the archive only", "[archive][extract]") {
    Unpacked unpacked;
    REQUIRE(unpacked.tree().write("present", "of the user"));
    const auto archive = GENERATE(
        as<std::string>(),
        raw_link("l", '1', "present"),
        raw_link("l", '1', "missing"),
        raw_member("d/", '5') + raw_link("l", '1', "d"),
        raw_link("s", '2', "present") + raw_link("l", '1', "s"),
        raw_link("l", '1', "later") + raw_member("later", '0', "x"),
        raw_member("d/f", '0', "x") + raw_link("l", '1', "d/../present"),
        raw_member("f", '0', "x") + raw_link("l", '1', "/f"),
        raw_member("f", '0', "x") + raw_link("f/l", '1', "f")
    );
    const auto result = unpack_safely(unpacked, archive + end_blocks());
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
    CHECK(unpacked.status("present").st_nlink == 1);
}

TEST_CASE("extract: nothing replaces a directory", "[archive][extract]") {
    const auto entry = GENERATE(
        as<std::string>(),
        raw_member("d", '0', "x"),
        raw_link("d", '2', "f"),
        raw_link("d", '1', "f")
    );
    Unpacked unpacked;
    const std::string archive = raw_member("f", '0', "1") + raw_member("d/keep", '0', "2");
    const auto result = unpack_safely(unpacked, archive + entry + end_blocks());
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
    CHECK(unpacked.content("d/keep") == "2");
}

TEST_CASE("extract: devices and FIFOs are refused", "[archive][extract]") {
    const char type = GENERATE('3', '4', '6');
    Unpacked unpacked;
    const auto result = unpack_safely(unpacked, raw_member("node", type) + end_blocks());
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
    CHECK(unpacked.listing().empty());
}

TEST_CASE("extract: setuid, setgid and sticky bits are dropped", "[archive][extract]") {
    UstarBlock file = raw_header("tool", '0', 0);
    file.set_number(UstarBlock::mode, 07755);
    file.set_checksum();
    UstarBlock directory = raw_header("dir/", '5', 0);
    directory.set_number(UstarBlock::mode, 07777);
    directory.set_checksum();
    Unpacked unpacked;
    REQUIRE(unpack_safely(unpacked, raw_member(file, "") + raw_member(directory, "") + end_blocks())
    );
    CHECK(unpacked.status("tool").st_mode == (S_IFREG | 0755U));
    CHECK(unpacked.status("dir").st_mode == (S_IFDIR | 0777U));
}

TEST_CASE("extract: bounds name their flags", "[archive][extract]") {
    const std::string archive = raw_member("a", '0', std::string(3000, 'a')) +
                                raw_member("b", '0', std::string(3000, 'b')) + end_blocks();
    const auto [limits, flag] = GENERATE(table<ExtractLimits, std::string>({
        {{.entries = 1}, "--max-archive-entries"},
        {{.total_bytes = 5999}, "--max-archive-bytes"},
        {{.file_bytes = 2999}, "--max-archive-file-bytes"},
    }));
    CAPTURE(flag);
    Unpacked unpacked;
    const auto result = unpack_safely(unpacked, archive, {.limits = limits});
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::limit);
    CHECK_THAT(result.error().message(), Catch::Contains(flag));
    REQUIRE(unpack_safely(
        unpacked, archive, {.limits = {.entries = 2, .total_bytes = 6000, .file_bytes = 3000}}
    ));
}

TEST_CASE("extract: a bomb is refused", "[archive][extract]") {
    constexpr std::size_t size = std::size_t{80} << 20U;
    const auto packed =
        gzip_compress(raw_member("zeros", '0', std::string(size, '\0')) + end_blocks());
    REQUIRE(packed);
    Unpacked unpacked;
    const auto result = unpack_safely(unpacked, *packed, {.limits = {.ratio = 500}});
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::limit);
    CHECK_THAT(result.error().message(), Catch::Contains("--max-archive-ratio"));
}

TEST_CASE("extract: a size that is only claimed takes no room", "[archive][extract]") {
    UstarBlock block = raw_header("huge", '0', 0);
    block.set_number(UstarBlock::content_size, std::uint64_t{8'000'000'000});
    block.set_checksum();
    Unpacked unpacked;
    const auto result = unpack_safely(unpacked, std::string(block.bytes()) + "short");
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::limit);
}

TEST_CASE("extract: damage is an error wherever it is", "[archive][extract]") {
    const auto whole = gzip_compress(
        raw_member("a/b", '0', sample_text(3000, 1)) + raw_link("l", '2', "a/b") +
        raw_member("c", '0', sample_noise(1000, 2)) + end_blocks()
    );
    REQUIRE(whole);
    for (std::size_t size = 0; size < whole->size() - 20; size += 29) {
        CAPTURE(size);
        Unpacked unpacked;
        const auto result = unpack_safely(unpacked, std::string_view(*whole).substr(0, size));
        REQUIRE(!result);
        CHECK(result.error().code() == ErrorCode::invalid_data);
    }
}

TEST_CASE("extract: over-long names are refused", "[archive][extract]") {
    Unpacked unpacked;
    const std::string part(256, 'n');
    std::string deep;
    for (int i = 0; i < 500; ++i) {
        deep += "0123456789/";
    }
    for (const std::string& name : {part, deep + "end"}) {
        const std::string archive = raw_member("././@LongLink", 'L', name + '\0') +
                                    raw_member("short", '0', "x") + end_blocks();
        const auto result = unpack_safely(unpacked, archive);
        REQUIRE(!result);
        CHECK(result.error().code() == ErrorCode::invalid_data);
    }
}

TEST_CASE("extract: the global header of git archive is passed over", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive = raw_member("pax_global_header", 'g', "18 comment=abcdef\n") +
                                raw_member("file", '0', "x") + end_blocks();
    REQUIRE(unpack_safely(unpacked, archive));
    CHECK(unpacked.content("file") == "x");
    CHECK(!unpacked.tree().exists("pax_global_header"));
}

}  // namespace
}  // namespace quern::archive
