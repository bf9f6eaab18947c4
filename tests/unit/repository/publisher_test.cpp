// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/publisher.hpp"

#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;
using namespace std::string_literals;

namespace {

struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path repository = directory.path() / "repo";
    std::filesystem::path arch = repository / "x86_64";
    std::filesystem::path staging = directory.path() / "staging";

    StagedPackage stage(
        const std::string& name, const std::string& version, const std::string& content = "content"
    ) {
        return stage_package(staging, name, version, content);
    }
    void publish_all(std::vector<StagedPackage> packages, const PublishOptions& options = {}) {
        const auto published = publish(repository, "x86_64", std::move(packages), options);
        if (!published) {
            FAIL(published.error().message());
        }
    }
};

std::string names_of(const apk::Index& index) {
    std::string names;
    for (const apk::IndexEntry& entry : index.entries) {
        names += (names.empty() ? "" : " ") + entry.name + "-" + entry.version;
    }
    return names;
}

/// A statement beside the package that names its identity.
StagedPackage with_provenance(StagedPackage package) {
    package.provenance = package.path.string() + ".intoto.jsonl";
    REQUIRE(write_file_atomically(package.provenance, package.entry.checksum));
    return package;
}

std::string provenance_of(const std::filesystem::path& arch, const apk::IndexEntry& entry) {
    return read_file(arch / (entry.file_name() + ".intoto.jsonl")).value_or("none");
}

ino_t inode_of(const std::filesystem::path& path) {
    struct stat status = {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_ino;
}

}  // namespace

TEST_CASE("publisher: packages appear with the index that names them", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("b", "1-r0"), f.stage("a", "1-r0")});
    CHECK(names_of(read_published(f.repository)) == "a-1-r0 b-1-r0");
    CHECK(names_in(f.arch) == "APKINDEX.tar.gz a-1-r0.apk b-1-r0.apk");
    CHECK(names_in(f.repository) == "x86_64");
    CHECK(names_in(f.staging).empty());
    CHECK(problems_of(f.repository).empty());
}

TEST_CASE("publisher: the index is in order of names and versions", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("b", "1-r0"), f.stage("a", "1-r0")});
    f.publish_all({f.stage("c", "1-r0"), f.stage("b", "1-r0", "another"), f.stage("b", "2-r0")});
    CHECK(names_of(read_published(f.repository)) == "a-1-r0 b-1-r0 b-2-r0 c-1-r0");
    CHECK(problems_of(f.repository).empty());
}

TEST_CASE("publisher: the index is signed", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0")}, {.key = &test_key()});
    const auto bytes = read_file(f.arch / "APKINDEX.tar.gz");
    REQUIRE(bytes);
    CHECK(apk::read_index(*bytes, &test_keyring()));
}

TEST_CASE("publisher: a changed index is not signed again", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0")}, {.key = &test_key()});
    const auto path = f.arch / "APKINDEX.tar.gz";
    auto bytes = read_file(path);
    REQUIRE(bytes);
    const auto forged =
        apk::write_index(apk::Index{.description = "other", .entries = {}}, nullptr);
    REQUIRE(forged);
    // The signature member of the old index in front of another body.
    const std::size_t body = bytes->find("\x1f\x8b", 2);
    REQUIRE(body != std::string::npos);
    REQUIRE(write_file_atomically(path, bytes->substr(0, body) + *forged));
    const auto published =
        publish(f.repository, "x86_64", {f.stage("b", "1-r0")}, {.key = &test_key()});
    REQUIRE_FALSE(published);
    CHECK(published.error().code() == ErrorCode::signature);
}

TEST_CASE("publisher: what is published already is not touched", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0")});
    const ino_t package = inode_of(f.arch / "a-1-r0.apk");
    const ino_t index = inode_of(f.arch / "APKINDEX.tar.gz");
    f.publish_all({f.stage("a", "1-r0")});
    CHECK(inode_of(f.arch / "a-1-r0.apk") == package);
    CHECK(inode_of(f.arch / "APKINDEX.tar.gz") == index);
    CHECK(names_in(f.staging).empty());
}

TEST_CASE(
    "publisher: a package that the index has lost is named again", "[repository][publisher]"
) {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0"), f.stage("b", "1-r0")});
    std::filesystem::remove(f.arch / "APKINDEX.tar.gz");
    f.publish_all({f.stage("a", "1-r0")});
    CHECK(names_of(read_published(f.repository)) == "a-1-r0");
}

TEST_CASE(
    "publisher: other bytes under a published name change with the index", "[repository][publisher]"
) {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0"), f.stage("b", "1-r0")});
    const UniqueFd old(::open(f.arch.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const ino_t other = inode_of(f.arch / "b-1-r0.apk");
    REQUIRE(::chmod(f.arch.c_str(), 0750) == 0);
    f.publish_all({f.stage("a", "1-r0", "another")});
    CHECK(problems_of(f.repository).empty());
    CHECK(names_in(f.repository) == "x86_64");
    CHECK(inode_of(f.arch / "b-1-r0.apk") == other);
    struct stat status = {};
    REQUIRE(::stat(f.arch.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0750U);
}

TEST_CASE(
    "publisher: provenance comes, changes and goes with its package", "[repository][publisher]"
) {
    Fixture f;
    StagedPackage a = with_provenance(f.stage("a", "1-r0"));
    f.publish_all({a, f.stage("b", "1-r0")});
    CHECK(names_in(f.arch) == "APKINDEX.tar.gz a-1-r0.apk a-1-r0.apk.intoto.jsonl b-1-r0.apk");
    CHECK(provenance_of(f.arch, a.entry) == a.entry.checksum);
    CHECK(names_in(f.staging).empty());
    CHECK(problems_of(f.repository).empty());

    a = with_provenance(f.stage("a", "1-r0", "another"));
    f.publish_all({a});
    CHECK(provenance_of(f.arch, a.entry) == a.entry.checksum);
    CHECK(names_in(f.staging).empty());

    f.publish_all({f.stage("a", "1-r0", "a third")});
    CHECK(names_in(f.arch) == "APKINDEX.tar.gz a-1-r0.apk b-1-r0.apk");
}

TEST_CASE(
    "publisher: a package that is there gets its provenance, and keeps it",
    "[repository][publisher]"
) {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0")});
    const ino_t package = inode_of(f.arch / "a-1-r0.apk");
    const StagedPackage a = with_provenance(f.stage("a", "1-r0"));
    f.publish_all({a});
    f.publish_all({f.stage("a", "1-r0")});
    CHECK(provenance_of(f.arch, a.entry) == a.entry.checksum);
    CHECK(inode_of(f.arch / "a-1-r0.apk") == package);
    CHECK(names_in(f.staging).empty());
}

TEST_CASE("publisher: modes do not depend on the umask", "[repository][publisher]") {
    Fixture f;
    const mode_t before = ::umask(GENERATE(as<mode_t>{}, 0, 077));
    f.publish_all({f.stage("a", "1-r0")});
    ::umask(before);
    for (const char* name : {"a-1-r0.apk", "APKINDEX.tar.gz"}) {
        struct stat status = {};
        REQUIRE(::stat((f.arch / name).c_str(), &status) == 0);
        CHECK((status.st_mode & 07777U) == 0644U);
    }
}

TEST_CASE("publisher: without an index only packages appear", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0")}, {.update_index = false});
    CHECK(names_in(f.arch) == "a-1-r0.apk");
}

TEST_CASE("publisher: a damaged index stops everything", "[repository][publisher]") {
    Fixture f;
    f.publish_all({f.stage("a", "1-r0")});
    REQUIRE(write_file_atomically(f.arch / "APKINDEX.tar.gz", "not an index"));
    const StagedPackage package = f.stage("b", "1-r0");
    const auto published = publish(f.repository, "x86_64", {package}, {});
    REQUIRE_FALSE(published);
    CHECK(published.error().code() == ErrorCode::invalid_data);
    CHECK(std::filesystem::exists(package.path));
    CHECK(names_in(f.arch) == "APKINDEX.tar.gz a-1-r0.apk");
}

TEST_CASE("publisher: eight at once lose nothing", "[repository][publisher]") {
    Fixture f;
    std::vector<StagedPackage> staged;
    for (int i = 0; i < 8; ++i) {
        staged.push_back(f.stage("p" + std::to_string(i), "1-r0"));
    }
    {
        std::vector<std::jthread> threads;
        for (const StagedPackage& package : staged) {
            threads.emplace_back([&f, package] {
                std::ignore = publish(f.repository, "x86_64", {package}, {});
            });
        }
    }
    CHECK(read_published(f.repository).entries.size() == 8);
    CHECK(problems_of(f.repository).empty());
}

namespace {

/// A file system in memory, where there is one: flushing a thousand times takes its time on a disk.
std::filesystem::path quick_directory() {
    const std::filesystem::path memory = "/dev/shm";
    return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

/// Runs `work` in a child of its own and kills it at its system call number `last`. False if it
/// came to its end before.
bool is_killed_at(long last, const std::function<bool()>& work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::raise(SIGSTOP);
        ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    // Two stops for each call: before and after.
    for (long stop = 0; stop <= 2 * last && WIFSTOPPED(status); ++stop) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        ::waitpid(child, &status, 0);
    }
    if (WIFEXITED(status)) {
        CHECK(WEXITSTATUS(status) == 0);
        return false;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return true;
}

}  // namespace

TEST_CASE(
    "publisher: killed at any system call, the repository is old or new", "[repository][publisher]"
) {
    auto directory = TempDir::create(quick_directory(), "kill.");
    REQUIRE(directory);
    const std::filesystem::path repository = directory->path() / "repo";
    const std::filesystem::path staging = directory->path() / "staging";
    REQUIRE(publish(
        repository,
        "x86_64",
        {with_provenance(stage_package(staging, "a", "1-r0")),
         with_provenance(stage_package(staging, "b", "1-r0"))},
        {}
    ));
    bool is_finished = false;
    for (long call = 0; !is_finished; ++call) {
        // Two names that are published already get other bytes, a third one is new.
        std::vector<StagedPackage> packages;
        for (const std::string& name : {"a"s, "b"s, "c"s}) {
            packages.push_back(with_provenance(
                stage_package(staging, name, "1-r0", "content " + std::to_string(call))
            ));
        }
        is_finished = !is_killed_at(call, [&] {
            return publish(repository, "x86_64", packages, {}).has_value();
        });
        CAPTURE(call);
        const auto index = read_published(repository);
        for (const apk::IndexEntry& entry : index.entries) {
            const auto package = apk::PackageFile::open(repository / "x86_64" / entry.file_name());
            REQUIRE(package);
            CHECK(package->head().checksum == entry.checksum);
            CHECK(provenance_of(repository / "x86_64", entry) == entry.checksum);
        }
        REQUIRE(call < 10'000);
    }
    CHECK(names_in(repository) == "x86_64");
}

TEST_CASE("publisher: a reader never sees a torn state", "[repository][publisher]") {
    auto directory = TempDir::create(quick_directory(), "poll.");
    REQUIRE(directory);
    const std::filesystem::path repository = directory->path() / "repo";
    const std::filesystem::path staging = directory->path() / "staging";
    const std::filesystem::path index_path = repository / "x86_64" / "APKINDEX.tar.gz";
    const auto publish_round = [&](int round) {
        // Names that are published already get other bytes, a few are new.
        const std::string text = "content " + std::to_string(round);
        return publish(
            repository,
            "x86_64",
            {stage_package(staging, "same", "1-r0", text),
             stage_package(staging, "p" + std::to_string(round % 20), "1-r0", text)},
            {.key = &test_key()}
        );
    };
    REQUIRE(publish_round(0));
    std::atomic<bool> is_over = false;
    std::atomic<int> torn = 0;
    std::atomic<int> looks = 0;
    std::thread reader([&] {
        while (!is_over) {
            const auto before = read_file(index_path);
            const auto file = before ? apk::read_index(*before, &test_keyring())
                                     : Result<apk::IndexFile>(before.error());
            bool fits = file.has_value();
            for (std::size_t i = 0; fits && i < file->index.entries.size(); ++i) {
                const apk::IndexEntry& entry = file->index.entries[i];
                const auto package =
                    apk::PackageFile::open(repository / "x86_64" / entry.file_name());
                fits = package && package->head().checksum == entry.checksum;
            }
            // An index that changed meanwhile was true when it was read.
            const auto after = read_file(index_path);
            torn += fits || (before && after && *before != *after) ? 0 : 1;
            ++looks;
        }
    });
    int failures = 0;
    for (int round = 1; round <= 1000; ++round) {
        failures += publish_round(round) ? 0 : 1;
    }
    is_over = true;
    reader.join();
    CHECK(failures == 0);
    CHECK(torn == 0);
    CHECK(looks > 10);
    CHECK(names_in(repository) == "x86_64");
}
