// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// What we write, judged by a checker that shares no code with us, and what others wrote, read by
// us.
#include "apk/package_writer.hpp"
#include "archive/gzip_reader.hpp"
#include "conformance/shared_facts.hpp"
#include "quern/index.hpp"
#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;
using archive::TarEntry;

namespace {

constexpr std::int64_t date = 1700000000;

PackageInfo info_of(const std::string& name) {
    PackageInfo info;
    info.name = name;
    info.version = "1.2_rc1-r3";
    info.architecture = "x86_64";
    info.origin = "demo";
    info.description = "A demonstration; with # and \"quotes\"";
    info.url = "https://example.org/#home";
    info.commit = std::string(40, 'c');
    info.maintainer = "A B <a@example.org>";
    info.build_date = date;
    info.licenses = {"MIT OR Apache-2.0"};
    return info;
}

TarEntry owned(TarEntry entry) {
    entry.user_name = "root";
    entry.group_name = "root";
    entry.mtime = date;
    return entry;
}

Result<void> add(DataSink& sink, const TarPart& part) {
    const TarEntry entry = owned(part.first);
    return entry.type == archive::TarType::file
               ? sink.add_file(entry, std::string_view(part.second))
               : sink.add(entry);
}

/// Links, setuid, attributes, names and targets too long for a ustar header, an empty and a large
/// file.
Result<void> write_everything(DataSink& sink) {
    const std::string name(180, 'n');
    TarPart suid = plain("usr/bin/suid", "#!/bin/sh\n");
    suid.first.mode = 04755;
    TarPart capable = plain("usr/bin/zcap", "x");
    capable.first.mode = 0755;
    capable.first.records = {
        {"SCHILY.xattr.security.capability",
         std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)}};
    const std::vector<TarPart> parts = {
        directory("usr"),
        directory("usr/bin"),
        plain("usr/bin/a", "#!/bin/sh\necho a\n"),
        hard_link("usr/bin/b", "usr/bin/a"),
        soft_link("usr/bin/l", "a"),
        suid,
        capable,
        directory("usr/share"),
        directory("usr/share/demo"),
        plain("usr/share/demo/empty", ""),
        plain("usr/share/demo/large", std::string(3U << 20U, 'x')),
        plain("usr/share/demo/" + name, "long name"),
        soft_link("usr/share/demo/o", "../" + std::string(150, 't')),
        directory("usr/share/demo/p\xc3\xa4"),
        plain("usr/share/demo/p\xc3\xa4/with space", "x"),
    };
    for (const TarPart& part : parts) {
        QUERN_CHECK(add(sink, part));
    }
    return {};
}

/// A folder with `keys` and a repository of two packages.
struct Repository {
    TempDir folder;
    std::filesystem::path keys() const { return folder.path() / "keys"; }
    std::filesystem::path packages() const { return folder.path() / "repo" / "x86_64"; }
};

WrittenPackage write_one(
    const std::filesystem::path& directory,
    PackageInfo info,
    const std::map<std::string, std::string>& files,
    const DataWriter& write
) {
    auto written = write_package(
        directory, std::move(info), files, write, {.key = &test_key(), .timestamp = Timestamp(date)}
    );
    REQUIRE(written);
    return std::move(*written);
}

Repository make_repository() {
    auto folder = TempDir::create("/tmp", "quern-conformance-");
    REQUIRE(folder);
    Repository repository{std::move(*folder)};
    std::filesystem::create_directories(repository.keys());
    std::filesystem::create_directories(repository.packages());
    REQUIRE(write_file_atomically(repository.keys() / "test.rsa.pub", public_pem()));
    PackageInfo all = info_of("demo");
    all.depends = {"/bin/sh", "busybox>=1.36", "so:libc.so.6"};
    all.provides = {"cmd:a=1.2_rc1-r3", "cmd:b=1.2_rc1-r3", "virtual"};
    all.replaces = {"old<1"};
    all.replaces_priority = 7;
    all.provider_priority = 9;
    const std::map<std::string, std::string> scripts = {
        {".post-install", "#!/bin/sh\n:\n"}, {".pre-deinstall", "#!/bin/sh\n:\n"}};
    Index index;
    index.description = "demo";
    for (const WrittenPackage& written :
         {write_one(repository.packages(), all, scripts, write_everything),
          write_one(repository.packages(), info_of("demo-empty"), {}, {})}) {
        index.merge(make_index_entry(written.info, written.checksum, written.file_size));
    }
    const auto bytes = write_index(index, &test_key());
    REQUIRE(bytes);
    REQUIRE(write_file_atomically(repository.packages() / "APKINDEX.tar.gz", *bytes));
    return repository;
}

/// Runs the independent checker. Warnings count too, but for these:
/// APK217 wants sizes without link targets (we count them as recipe-and-build 7.4 does), APK512
/// wants k: before D: (7.8 has it last).
void check_with_tool(std::vector<std::string> words) {
    const auto tool = shared_facts("tools/apkcheck.py");
    std::vector<std::string> argv = {"python3", tool.string()};
    argv.insert(argv.end(), words.begin(), words.end());
    argv.insert(argv.end(), {"--strict", "--verbose", "--ignore", "APK217,APK512"});
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): no thread was made
    const CancelToken cancel;
    ProcessOptions options;
    options.argv = std::move(argv);
    options.environment = {{"PATH", path == nullptr ? "/usr/bin:/bin" : path}};
    const auto ran = run_captured(options, cancel);
    REQUIRE(ran);
    INFO(ran->output);
    CHECK(ran->status.is_success());
}

}  // namespace

TEST_CASE("packages that we write pass the independent checker", "[apk][package_writer]") {
    const Repository repository = make_repository();
    check_with_tool(
        {"package",
         "--keys",
         repository.keys().string(),
         (repository.packages() / "demo-1.2_rc1-r3.apk").string()}
    );
    check_with_tool(
        {"package",
         "--keys",
         repository.keys().string(),
         (repository.packages() / "demo-empty-1.2_rc1-r3.apk").string()}
    );
}

TEST_CASE("a repository that we write passes the independent checker", "[apk][index]") {
    const Repository repository = make_repository();
    check_with_tool(
        {"repo", "--keys", repository.keys().string(), (repository.folder.path() / "repo").string()}
    );
}

TEST_CASE(
    "a package that was signed anew passes the independent checker", "[apk][package_signer]"
) {
    const Repository repository = make_repository();
    const auto path = repository.packages() / "demo-1.2_rc1-r3.apk";
    REQUIRE(sign_package(path, test_key()));
    check_with_tool({"package", "--keys", repository.keys().string(), path.string()});
}

TEST_CASE("recorded .PKGINFO files are read and printed line for line", "[apk][package_info]") {
    std::size_t count = 0;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(shared_facts("data/build"))) {
        if (file.path().extension() != ".pkginfo") {
            continue;
        }
        CAPTURE(file.path());
        const auto recorded = read_file(file.path());
        REQUIRE(recorded);
        auto info = PackageInfo::parse(*recorded);
        REQUIRE(info);
        for (const std::string_view line : split(*recorded, '\n')) {
            if (line.starts_with("# vendored = ")) {
                info->vendored.emplace_back(line.substr(13));
            }
        }
        auto printed = info->to_string();
        REQUIRE(printed);
        // The record leaves out the first comment and the size.
        printed =
            replace_all(replace_all(*printed, "# Generated by quern\n", ""), "size = 0\n", "");
        CHECK(*printed == *recorded);
        ++count;
    }
    CHECK(count >= 40);
}

TEST_CASE("the indexes of a distribution are read whole", "[apk][index]") {
    const auto [file, packages] = GENERATE(table<std::string, std::size_t>({
        {"alpine-3.16-main-x86_64.gz", 4929},
        {"alpine-3.17-main-x86_64.gz", 5004},
    }));
    const auto bytes = read_file(shared_facts("data/resolver/indexes/" + file));
    REQUIRE(bytes);
    const auto text = archive::gzip_decompress(*bytes, 1U << 30U);
    REQUIRE(text);
    const auto index = Index::parse(*text);
    REQUIRE(index);
    CHECK(index->entries.size() == packages);
    const std::string printed = index->to_string();
    const auto again = Index::parse(printed);
    REQUIRE(again);
    CHECK(again->to_string() == printed);
    // Every value is kept: the lines are the same, in another order.
    std::vector<std::string_view> before = split(*text, '\n');
    std::vector<std::string_view> after = split(printed, '\n');
    std::erase_if(before, [](std::string_view line) { return line.empty(); });
    std::erase_if(after, [](std::string_view line) { return line.empty(); });
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    CHECK((before == after));
}
