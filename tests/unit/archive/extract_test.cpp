// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/extract.hpp"

#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "archive_samples.hpp"
#include "unpacked.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace quern::archive {
namespace {

TarEntry entry_of(TarType type, std::string path, std::uint32_t mode, std::string target = {}) {
    TarEntry entry;
    entry.type = type;
    entry.path = std::move(path);
    entry.mode = mode;
    entry.link_target = std::move(target);
    entry.mtime = 1'234'567'890;
    return entry;
}

/// A small source release.
std::string sample_release() {
    StringSink sink;
    TarWriter writer(sink);
    const auto add_file = [&writer](std::string path, std::uint32_t mode, std::string_view text) {
        TarEntry entry = entry_of(TarType::file, std::move(path), mode);
        entry.size = text.size();
        entry.mtime = 1'000'000'001;
        REQUIRE(writer.add(entry, text));
    };
    REQUIRE(writer.add(entry_of(TarType::directory, "hello-1", 0555)));
    add_file("hello-1/configure", 0755, "#!/bin/sh\n");
    add_file("hello-1/src/hello.c", 0444, "int main(void) { return 0; }\n");
    REQUIRE(writer.add(entry_of(TarType::symlink, "hello-1/latest", 0777, "src/hello.c")));
    REQUIRE(writer.add(entry_of(TarType::hard_link, "hello-1/same.c", 0644, "hello-1/src/hello.c"))
    );
    add_file("hello-1/" + std::string(200, 'n'), 0600, "long name");
    add_file("hello-1/caf\xc3\xa9", 0600, "UTF-8");
    add_file("hello-1/latin\xe9", 0600, "Latin-1");
    add_file("hello-1/two\nlines", 0600, "newline");
    add_file("hello-1/empty", 06711, "");
    REQUIRE(writer.finish_with_end_blocks());
    return sink.take();
}

TEST_CASE("extract: a release is unpacked with its modes and times", "[archive][extract]") {
    const bool is_compressed = GENERATE(false, true);
    std::string archive = sample_release();
    if (is_compressed) {
        archive = *gzip_compress(archive);
    }
    Unpacked unpacked;
    const auto report = unpacked.extract(archive);
    REQUIRE(report);
    CHECK(report->entries == 10);
    CHECK(report->bytes == 67);
    CHECK(
        unpacked.listing() ==
        "hello-1 40755 1234567890 \n"
        "hello-1/caf\xc3\xa9 100600 1000000001 UTF-8\n"
        "hello-1/configure 100755 1000000001 #!/bin/sh\n\n"
        "hello-1/empty 100711 1000000001 \n"
        "hello-1/latest 120777 1234567890 src/hello.c\n"
        "hello-1/latin\xe9 100600 1000000001 Latin-1\n"
        "hello-1/" +
            std::string(200, 'n') +
            " 100600 1000000001 long name\n"
            "hello-1/same.c 100644 1000000001 int main(void) { return 0; }\n\n"
            "hello-1/src 40755 1000000001 \n"
            "hello-1/src/hello.c 100644 1000000001 int main(void) { return 0; }\n\n"
            "hello-1/two\nlines 100600 1000000001 newline\n"
    );
    CHECK(unpacked.status("hello-1/same.c").st_nlink == 2);
    CHECK(
        unpacked.status("hello-1/same.c").st_ino == unpacked.status("hello-1/src/hello.c").st_ino
    );
}

TEST_CASE("extract: the umask changes nothing", "[archive][extract]") {
    Unpacked open;
    Unpacked closed;
    const mode_t before = ::umask(0);
    const auto first = open.extract(sample_release());
    ::umask(0777);
    const auto second = closed.extract(sample_release());
    ::umask(before);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(open.listing() == closed.listing());
}

TEST_CASE("extract: leading parts are dropped as tar drops them", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive = raw_member("top/", '5') + raw_member("top/kept", '0', "1") +
                                raw_member("gone", '0', "2") + raw_member("./dot", '0', "3") +
                                raw_link("top/link", '1', "top/kept") + end_blocks();
    REQUIRE(unpacked.extract(archive, {.strip_components = 1}));
    CHECK(unpacked.content("kept") == "1");
    CHECK(unpacked.content("dot") == "3");
    CHECK(unpacked.content("link") == "1");
    CHECK(!unpacked.tree().exists("gone"));
    CHECK(!unpacked.tree().exists("top"));
}

TEST_CASE("extract: a link to a path that is dropped is refused", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive =
        raw_member("kept", '0', "1") + raw_link("top/link", '1', "kept") + end_blocks();
    const auto result = unpacked.extract(archive, {.strip_components = 1});
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
}

TEST_CASE("extract: names are cleaned of dots and slashes", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive = raw_member("./", '5') + raw_member("./a//b/./c", '0', "1") +
                                raw_member("a/b/", '5') + end_blocks();
    REQUIRE(unpacked.extract(archive));
    CHECK(unpacked.content("a/b/c") == "1");
}

TEST_CASE("extract: the last of several entries wins", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive = raw_member("file", '0', "first") + raw_link("other", '1', "file") +
                                raw_member("file", '0', "last") + raw_link("link", '2', "file") +
                                raw_member("link", '0', "file") + raw_member("becomes", '0', "x") +
                                raw_member("becomes/", '5') + end_blocks();
    REQUIRE(unpacked.extract(archive));
    CHECK(unpacked.content("file") == "last");
    CHECK(unpacked.content("other") == "first");
    CHECK(unpacked.content("link") == "file");
    CHECK(S_ISREG(unpacked.status("link").st_mode));
    CHECK(S_ISDIR(unpacked.status("becomes").st_mode));
}

TEST_CASE("extract: a hard link to itself stays one file", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive =
        raw_member("file", '0', "text") + raw_link("file", '1', "file") + end_blocks();
    REQUIRE(unpacked.extract(archive));
    CHECK(unpacked.content("file") == "text");
}

TEST_CASE("extract: links inside are followed on the way", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive = raw_member("usr/lib/", '5') + raw_link("lib", '2', "usr/lib") +
                                raw_member("lib/libx.so", '0', "x") +
                                raw_member("lib/new/deep", '0', "y") + end_blocks();
    REQUIRE(unpacked.extract(archive));
    CHECK(unpacked.content("usr/lib/libx.so") == "x");
    CHECK(unpacked.content("usr/lib/new/deep") == "y");
    CHECK(unpacked.target("lib") == "usr/lib");
}

TEST_CASE("extract: a link that is replaced is not used any more", "[archive][extract]") {
    Unpacked unpacked;
    const std::string archive = raw_member("one/", '5') + raw_link("way", '2', "one") +
                                raw_member("way/sub/first", '0', "1") + raw_member("way/", '5') +
                                raw_member("way/sub/second", '0', "2") + end_blocks();
    REQUIRE(unpacked.extract(archive));
    CHECK(unpacked.content("one/sub/first") == "1");
    CHECK(unpacked.content("way/sub/second") == "2");
}

TEST_CASE("extract: a zip archive is unpacked with links and modes", "[archive][extract]") {
    Unpacked unpacked;
    const auto report = unpacked.extract(make_zip({
        {"top/", "", 040700, 1'111'111'111},
        {"top/run", "#!/bin/sh\n", 0100755, 1'222'222'222},
        {"top/caf\xc3\xa9", "x", 0100644, 1'222'222'222},
        {"top/latin\xe9", "y", 0100644, 1'222'222'222},
        {"top/link", "run", 0120777, 1'333'333'333},
    }));
    REQUIRE(report);
    CHECK(
        unpacked.listing() ==
        "top 40700 1111111111 \n"
        "top/caf\xc3\xa9 100644 1222222222 x\n"
        "top/latin\xe9 100644 1222222222 y\n"
        "top/link 120777 1333333333 run\n"
        "top/run 100755 1222222222 #!/bin/sh\n\n"
    );
}

TEST_CASE("extract: times of a zip archive do not depend on the zone", "[archive][extract]") {
    const std::string archive = make_zip(
        {{"local", "x", 0100644, {}},
         {"universal", "y", 0100644, 1'222'222'222},
         {"d/", "", 040755, {}}}
    );
    const char* const before = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe)
    const std::string zone = before == nullptr ? "" : before;
    for (const char* const other : {"UTC0", "EST5EDT", "XYZ-11"}) {
        ::setenv("TZ", other, 1);  // NOLINT(concurrency-mt-unsafe)
        ::tzset();
        Unpacked unpacked;
        const auto result = unpacked.extract(archive);
        CAPTURE(other);
        CHECK(result);
        CHECK(
            unpacked.listing() ==
            "d 40755 981173106 \n"
            "local 100644 981173106 x\n"
            "universal 100644 1222222222 y\n"
        );
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", zone.c_str(), 1);
    ::tzset();
}

TEST_CASE("extract: everything belongs to the guest's first id", "[archive][extract]") {
    if (::geteuid() != 0) {
        return;  // only root may give files away
    }
    Unpacked unpacked;
    REQUIRE(unpacked.extract(sample_release(), {.owner = {.first = 4321, .count = 65536}}));
    REQUIRE(unpacked.tree().walk("", [](const TreeEntry& entry) -> Result<void> {
        CAPTURE(entry.path);
        CHECK(entry.status.st_uid == 4321);
        CHECK(entry.status.st_gid == 4321);
        return {};
    }));
}

TEST_CASE("extract: what is no archive is refused by name", "[archive][extract]") {
    const auto bytes = GENERATE(
        as<std::string>(),
        "",
        "x",
        "some text that is no archive\n",
        std::string(100'000, 'a'),
        "\x1f\x8b garbage",
        "PK\3\4",
        "\xfd"
        "7zXZ"
    );
    Unpacked unpacked;
    const auto result = unpacked.extract(bytes);
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::invalid_data);
    CHECK(unpacked.listing().empty());
}

TEST_CASE("extract: is_archive knows archives by their bytes", "[archive][extract]") {
    const auto [bytes, expected] = GENERATE(table<std::string, bool>({
        {sample_release(), true},
        {*gzip_compress(sample_release()), true},
        {make_zip({{"a", "b", 0100644, {}}}), true},
        {*gzip_compress("--- a/patch\n+++ b/patch\n"), false},
        {"--- a/patch\n", false},
        {"", false},
    }));
    const Unpacked unpacked;
    REQUIRE(unpacked.tree().write("file", bytes));
    const auto fd = unpacked.tree().open_file("file");
    REQUIRE(fd);
    for (int round = 0; round < 2; ++round) {
        const auto result = is_archive(fd->get());
        REQUIRE(result);
        CHECK(*result == expected);
    }
}

TEST_CASE("extract: a stop that the user asked for ends it", "[archive][extract]") {
    CancelToken cancel;
    cancel.request();
    Unpacked unpacked;
    const auto result = unpacked.extract(sample_release(), {.cancel = &cancel});
    REQUIRE(!result);
    CHECK(result.error().code() == ErrorCode::interrupted);
}

}  // namespace
}  // namespace quern::archive
