// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Repositories are made with the git program, as users make theirs; where it is missing these tests
// say so and check nothing.
#include "fetch/git.hpp"

#include "fetch/git_program.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"
#include "tests/support/recording_reporter.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#if defined(__SANITIZE_ADDRESS__)
// libgit2 1.5 forgets what its regular expressions were matched in whenever they do not match.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpcre2\n";
}
#endif

using namespace quern;
using namespace quern::fetch;

namespace {

/// In memory, where there is such a file system: git flushes a lot.
TempDir make_directory() {
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    auto made =
        TempDir::create(has_memory ? memory : std::filesystem::temp_directory_path(), "git.");
    REQUIRE(made);
    return std::move(*made);
}

struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path origin = directory.path() / "origin";
    std::filesystem::path work = directory.path() / "work";
    GitLibrary library;
    CancelToken cancel;
    RecordingReporter reporter;
    bool has_git = false;
    std::string first;
    std::string second;

    Fixture() {
        std::filesystem::create_directories(origin);
        std::filesystem::create_directories(work);
        has_git = run({"git", "init", "-q", "-b", "main", "."}, origin).has_value();
        if (!has_git) {
            WARN("skipped: there is no git program");
            return;
        }
        put("README", "one\n");
        put("tool", "#!/bin/sh\n");
        std::filesystem::permissions(origin / "tool", std::filesystem::perms(0755));
        std::filesystem::create_directories(origin / "src/deep");
        put("src/deep/a.c", "int a;\n");
        std::filesystem::create_symlink("../README", origin / "src/link");
        first = commit("first");
        git({"tag", "-a", "v1", "-m", "the first"});
        put("README", "two\n");
        second = commit("second");
    }

    std::optional<std::string> run(
        std::vector<std::string> argv, const std::filesystem::path& where
    ) {
        ProcessOptions options;
        options.argv = std::move(argv);
        options.environment = {
            {"PATH", "/usr/local/bin:/usr/bin:/bin"},
            {"HOME", directory.path()},
            {"GIT_CONFIG_NOSYSTEM", "1"},
            {"GIT_AUTHOR_NAME", "a"},
            {"GIT_AUTHOR_EMAIL", "a@b"},
            {"GIT_AUTHOR_DATE", "1000000000 +0000"},
            {"GIT_COMMITTER_NAME", "a"},
            {"GIT_COMMITTER_EMAIL", "a@b"},
            {"GIT_COMMITTER_DATE", "1000000000 +0000"},
        };
        options.working_directory = where;
        const auto done = run_captured(options, cancel);
        if (!done || !done->status.is_success()) {
            return std::nullopt;
        }
        return std::string(trim(done->output));
    }
    std::string git(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "git");
        const auto output = run(std::move(arguments), origin);
        REQUIRE(output);
        return *output;
    }
    void put(const std::string& path, const std::string& text) {
        REQUIRE(write_file_atomically(origin / path, text));
    }
    std::string commit(const std::string& message) {
        git({"add", "-A"});
        git({"commit", "-q", "-m", message});
        return git({"rev-parse", "HEAD"});
    }
    GitRequest request() const {
        GitRequest made;
        made.repository = origin;
        made.destination = ".";
        return made;
    }
    Result<GitReport> checkout(const GitRequest& made) {
        auto tree = FileTree::open(work);
        REQUIRE(tree);
        GitRequest request = made;
        request.cache_directory = directory.path() / "cache";
        return fetch::checkout(library, request, *tree, reporter, cancel);
    }
    std::string content(const std::string& path) const {
        return read_file(work / path).value_or("(none)");
    }
};

}  // namespace

TEST_CASE("git: a tag is checked out with modes, links and a git directory", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.tag = "v1";
    request.expected_commit = f.first;
    request.destination = "below/here";
    const auto report = f.checkout(request);
    if (!report) {
        FAIL(report.error().message());
    }
    CHECK(report->commit == f.first);
    CHECK(report->warnings.empty());
    CHECK(f.content("below/here/README") == "one\n");
    CHECK(f.content("below/here/src/deep/a.c") == "int a;\n");
    CHECK(std::filesystem::read_symlink(f.work / "below/here/src/link") == "../README");
    struct stat status = {};
    REQUIRE(::stat((f.work / "below/here/tool").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0755U);
    CHECK(status.st_mtime == 1'000'000'000);
    const auto where = f.work / "below/here";
    CHECK(f.run({"git", "status", "--porcelain"}, where) == "");
    CHECK(f.run({"git", "describe"}, where) == "v1");
    CHECK(f.run({"git", "fsck", "--full"}, where).has_value());
    CHECK(f.run({"git", "rev-list", "--count", "HEAD"}, where) == "1");
}

TEST_CASE(
    "git: a branch goes to its tip, or to the commit behind it that is expected", "[fetch][git]"
) {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.branch = "main";
    const auto tip = f.checkout(request);
    REQUIRE(tip);
    CHECK(tip->commit == f.second);
    CHECK(tip->warnings.size() == 1);
    CHECK(f.content("README") == "two\n");
    CHECK(f.run({"git", "rev-parse", "--abbrev-ref", "HEAD"}, f.work) == "main");

    request.expected_commit = f.first;
    const auto behind = f.checkout(request);
    REQUIRE(behind);
    CHECK(behind->commit == f.first);
    CHECK(f.content("README") == "one\n");
    CHECK(f.run({"git", "status", "--porcelain"}, f.work) == "");

    request.depth = 1;
    const auto shallow = f.checkout(request);
    REQUIRE_FALSE(shallow);
    CHECK(shallow.error().help().find("depth: -1") != std::string::npos);

    request.depth = 0;
    request.is_branch_tip = true;
    const auto strict = f.checkout(request);
    REQUIRE_FALSE(strict);
    CHECK(strict.error().code() == ErrorCode::digest_mismatch);
}

TEST_CASE("git: without branch and tag HEAD of the remote is taken", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    const auto report = f.checkout(f.request());
    REQUIRE(report);
    CHECK(report->commit == f.second);
}

TEST_CASE("git: the whole history comes where it is asked for", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.branch = "main";
    request.depth = -1;
    REQUIRE(f.checkout(request));
    CHECK(f.run({"git", "rev-list", "--count", "HEAD"}, f.work) == "2");
    CHECK(f.run({"git", "describe"}, f.work)->starts_with("v1-1-g"));
}

TEST_CASE("git: another commit than expected is refused", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.tag = "v1";
    request.expected_commit = f.second;
    const auto report = f.checkout(request);
    REQUIRE_FALSE(report);
    CHECK(report.error().code() == ErrorCode::digest_mismatch);
    CHECK(report.error().message().find(f.first) != std::string::npos);

    request.expected_commit = f.git({"rev-parse", "v1"});
    const auto by_tag_object = f.checkout(request);
    REQUIRE(by_tag_object);
    CHECK(by_tag_object->warnings.size() == 1);
}

TEST_CASE("git: what the remote does not have is named", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.tag = "v2";
    const auto report = f.checkout(request);
    REQUIRE_FALSE(report);
    CHECK(report.error().message().find("v2") != std::string::npos);
    request.tag = "no:refspec*";
    CHECK_FALSE(f.checkout(request));
}

TEST_CASE("git: a pinned commit that is at hand needs no remote", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.tag = "v1";
    request.expected_commit = f.first;
    REQUIRE(f.checkout(request));
    std::filesystem::rename(f.origin, f.directory.path() / "gone");
    CHECK(f.checkout(request));
}

TEST_CASE("git: a mirror that is damaged is made again", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.tag = "v1";
    REQUIRE(f.checkout(request));
    for (const auto& entry : std::filesystem::directory_iterator(f.directory.path() / "cache")) {
        if (entry.is_directory()) {
            std::filesystem::remove(entry.path() / "HEAD");
        }
    }
    CHECK(f.checkout(request));
}

TEST_CASE("git: a link that lies in the way is not written through", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    const auto outside = f.directory.path() / "outside";
    REQUIRE(write_file_atomically(outside, "mine"));
    std::filesystem::create_symlink(outside, f.work / "README");
    std::filesystem::create_symlink(f.directory.path(), f.work / "src");
    REQUIRE(f.checkout(f.request()));
    CHECK(*read_file(outside) == "mine");
    CHECK(f.content("src/deep/a.c") == "int a;\n");
    CHECK_FALSE(std::filesystem::exists(f.directory.path() / "deep"));
}

TEST_CASE("git: trees with entries for git itself are refused", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    const std::string name = GENERATE(as<std::string>{}, ".git", "..", ".GIT", ".");
    CAPTURE(name);
    const std::string blob = f.git({"hash-object", "-w", "README"});
    REQUIRE(write_file_atomically(
        f.directory.path() / "entry", "100644 blob " + blob + "\t" + name + "\n"
    ));
    const auto tree = f.run({"sh", "-c", "git mktree < ../entry"}, f.origin);
    REQUIRE(tree);
    const auto commit = f.git({"commit-tree", "-m", "bad", *tree});
    f.git({"update-ref", "refs/heads/bad", commit});
    GitRequest request = f.request();
    request.branch = "bad";
    CHECK_FALSE(f.checkout(request));
    CHECK_FALSE(std::filesystem::exists(f.directory.path() / "README"));
}

TEST_CASE("git: only the directories that were asked for are written", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    GitRequest request = f.request();
    request.branch = "main";
    request.sparse_paths = "src/deep";
    std::filesystem::create_directories(f.origin / "other");
    f.put("other/b.c", "int b;\n");
    f.commit("third");
    REQUIRE(f.checkout(request));
    CHECK(f.content("README") == "two\n");
    CHECK(f.content("src/deep/a.c") == "int a;\n");
    CHECK_FALSE(std::filesystem::exists(f.work / "other"));
    CHECK(f.run({"git", "status", "--porcelain"}, f.work) == "");
    CHECK(f.run({"git", "sparse-checkout", "list"}, f.work) == "src/deep");
}

TEST_CASE("git: cherry-picks are put on top with a note of what they are", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    f.git({"checkout", "-q", "-b", "fixes", "v1"});
    f.put("fix.c", "int fix;\n");
    const std::string fix = f.commit("the fix");
    f.put("README", "of the branch\n");
    const std::string clash = f.commit("a clash");
    f.git({"checkout", "-q", "main"});
    GitRequest request = f.request();
    request.branch = "main";
    request.expected_commit = f.second;
    request.committer_date = 1'000'000'001;
    request.cherry_picks = "fixes/" + fix.substr(0, 12) + ": needed here";
    request.depth = 1;
    const auto report = f.checkout(request);
    if (!report) {
        FAIL(report.error().message());
    }
    CHECK(f.content("README") == "two\n");
    CHECK(f.content("fix.c") == "int fix;\n");
    const auto log = f.run({"git", "log", "-1", "--format=%an %cn %ct %B"}, f.work);
    REQUIRE(log);
    CHECK(log->starts_with("a quern 1000000001 the fix"));
    CHECK(log->find("(cherry picked from commit " + fix + ")") != std::string::npos);
    CHECK(f.run({"git", "status", "--porcelain"}, f.work) == "");

    request.cherry_picks = "fixes/" + clash + ": cannot";
    const auto refused = f.checkout(request);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("does not apply") != std::string::npos);
}

TEST_CASE("git: submodules come at the commits that the tree names", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    const auto module = f.directory.path() / "module";
    std::filesystem::create_directories(module);
    REQUIRE(f.run({"git", "init", "-q", "-b", "main", "."}, module));
    REQUIRE(write_file_atomically(module / "m.c", "int m;\n"));
    REQUIRE(f.run({"git", "add", "-A"}, module));
    REQUIRE(f.run({"git", "commit", "-q", "-m", "module"}, module));
    const auto wanted = f.run({"git", "rev-parse", "HEAD"}, module);
    REQUIRE(write_file_atomically(module / "m.c", "int later;\n"));
    REQUIRE(f.run({"git", "commit", "-q", "-a", "-m", "later"}, module));
    f.put(".gitmodules", "[submodule \"m\"]\n\tpath = lib/m\n\turl = ../module\n");
    f.git({"add", ".gitmodules"});
    f.git({"update-index", "--add", "--cacheinfo", "160000", *wanted, "lib/m"});
    f.git({"commit", "-q", "-m", "with a module"});
    GitRequest request = f.request();
    request.branch = "main";
    REQUIRE(f.checkout(request));
    CHECK(std::filesystem::is_empty(f.work / "lib/m"));
    request.recurse_submodules = true;
    const auto report = f.checkout(request);
    if (!report) {
        FAIL(report.error().message());
    }
    CHECK(f.content("lib/m/m.c") == "int m;\n");
    CHECK(f.run({"git", "rev-parse", "HEAD"}, f.work / "lib/m") == wanted);
    CHECK(f.run({"git", "status", "--porcelain"}, f.work) == "");
}

TEST_CASE("git: hostile submodules are refused and run nothing", "[fetch][git]") {
    // Source: attacks M13.
    Fixture f;
    if (!f.has_git) {
        return;
    }
    const auto mark = f.directory.path() / "ran";
    const std::string address = GENERATE_COPY(
        "ext::touch " + mark.string(),
        std::string("--upload-pack=touch x"),
        std::string("../../../../../../../../etc"),
        std::string("../gone")
    );
    CAPTURE(address);
    f.put(".gitmodules", "[submodule \"m\"]\n\tpath = m\n\turl = \"" + address + "\"\n");
    f.git({"add", ".gitmodules"});
    f.git({"update-index", "--add", "--cacheinfo", "160000", f.first, "m"});
    f.git({"commit", "-q", "-m", "hostile"});
    GitRequest request = f.request();
    request.branch = "main";
    request.recurse_submodules = true;
    const auto report = f.checkout(request);
    REQUIRE_FALSE(report);
    CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("git: the machine's git fetches few commits into a mirror", "[fetch][git_program]") {
    Fixture f;
    const auto program = GitProgram::find();
    if (!f.has_git || !program) {
        return;
    }
    const auto mirror = f.directory.path() / "mirror.git";
    REQUIRE(f.run({"git", "init", "-q", "--bare", mirror}, f.origin));
    // What the repository says must be run is not.
    f.git({"config", "uploadpack.packObjectsHook", "touch " + (f.directory.path() / "ran").string()}
    );
    GitRequest request;
    request.repository = "file://" + f.origin.string();
    const std::vector<std::string> main = {"+refs/heads/main:refs/heads/main"};
    REQUIRE(program->fetch(request, mirror, main, 1, f.cancel));
    CHECK(f.run({"git", "rev-list", "--count", "main"}, mirror) == "1");
    REQUIRE(program->fetch(request, mirror, main, -1, f.cancel));
    CHECK(f.run({"git", "rev-list", "--count", "main"}, mirror) == "2");
    CHECK_FALSE(std::filesystem::exists(f.directory.path() / "ran"));
    const auto missing =
        program->fetch(request, mirror, {"+refs/heads/no:refs/heads/no"}, 1, f.cancel);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code() == ErrorCode::network);
}

TEST_CASE("git: no message has the password of an address", "[fetch][git]") {
    Fixture f;
    GitRequest request = f.request();
    request.branch = "main";
    request.repository = GENERATE(
        "http://me:canary@127.0.0.1:1/x", "https://me:canary@127.0.0.1:bad/x", "ftp://me:canary@h/x"
    );
    const auto report = f.checkout(request);
    REQUIRE_FALSE(report);
    CHECK(report.error().message().find("canary") == std::string::npos);
    for (const std::string& event : f.reporter.events()) {
        CHECK(event.find("canary") == std::string::npos);
    }
}

TEST_CASE("git: the commit of a directory is found from below", "[fetch][git]") {
    Fixture f;
    if (!f.has_git) {
        return;
    }
    CHECK(head_commit(f.library, f.origin / "src/deep") == f.second);
    CHECK_FALSE(head_commit(f.library, f.work).has_value());
    // Settings that name programs are not run.
    f.git({"config", "core.fsmonitor", "touch " + (f.directory.path() / "run").string()});
    CHECK(head_commit(f.library, f.origin) == f.second);
    CHECK_FALSE(std::filesystem::exists(f.directory.path() / "run"));
}
