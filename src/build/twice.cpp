// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Both builds publish in repositories of their own, in a hidden directory inside the one that the
// user named: the first is moved from there when the second has shown that it can be made again.

#include "build/twice.hpp"

#include "apk/provenance_name.hpp"
#include "build/scratch.hpp"
#include "build/varied_sandbox.hpp"
#include "quern/package_file.hpp"
#include "repository/publisher.hpp"
#include "support/cancel.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

namespace quern::build {
namespace {

/// The process's umask for as long as this lives.
class OtherUmask {
 public:
    explicit OtherUmask(mode_t mask) : before_(::umask(mask)) {}
    OtherUmask(const OtherUmask&) = delete;
    OtherUmask& operator=(const OtherUmask&) = delete;
    ~OtherUmask() { ::umask(before_); }

 private:
    mode_t before_;
};

BuildOptions first_options(const BuildOptions& options, const std::filesystem::path& directory) {
    BuildOptions first = options;
    first.not_sources.push_back(options.out_directory);
    first.out_directory = directory / "first";
    first.update_index = false;
    first.is_fresh = true;
    first.keeps_record = false;
    return first;
}

Result<BuildReport> build_first(const BuildOptions& options, const Services& services) {
    Activity activity(services.reporter, "building the first time");
    QUERN_TRY(BuildReport report, build(options, services));
    activity.outcome("done");
    return report;
}

// A workspace of its own, because states of steps that saw other circumstances are not kept.
Result<BuildReport> build_second(
    BuildOptions options, const std::filesystem::path& directory, const Services& services
) {
    Activity activity(services.reporter, "building the second time");
    // The name is one that any later build removes if this process is killed.
    QUERN_TRY(
        const Scratch workspace,
        Scratch::create(services.cache_directory / "workspaces", "build-twice-")
    );
    options.out_directory = directory / "second";
    options.workspace_directory = workspace.path() / "another-workspace";
    options.reversed_fill = true;
    options.tests = nullptr;
    options.provenance = false;
    options.persist_lint_results = false;
    VariedSandbox sandbox(services.sandbox);
    const Services varied = {
        services.reporter,
        services.cancel,
        services.pool,
        services.reader,
        services.fetcher,
        services.git,
        services.store,
        services.library,
        sandbox,
        services.ids,
        services.cache_directory,
        services.index_limits,
        services.archive_limits,
    };
    const OtherUmask umask(S_IRWXG | S_IRWXO);
    auto report = build(options, varied);
    if (!report) {
        return std::move(report).error().context("the first build worked, the second did not");
    }
    activity.outcome("done");
    return report;
}

/// So that a clock in seconds is another one, whenever in the first build it was looked at.
Result<void> wait_for_next_second(const CancelToken& cancel) {
    using std::chrono::seconds;
    constexpr auto pause = std::chrono::milliseconds(20);
    const auto second = std::chrono::time_point_cast<seconds>(std::chrono::system_clock::now());
    while (std::chrono::time_point_cast<seconds>(std::chrono::system_clock::now()) == second) {
        QUERN_CHECK(cancel.check());
        std::this_thread::sleep_for(pause);
    }
    return {};
}

Result<std::string> digest_of_file(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", path.filename().string()));
    }
    QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, fd.get()));
    return digest.hex();
}

Result<TwicePackage> compare(
    const std::filesystem::path& first, const std::filesystem::path& second
) {
    TwicePackage result = {first.stem().string()};
    QUERN_TRY(const std::string first_digest, digest_of_file(first));
    QUERN_TRY(const std::string second_digest, digest_of_file(second));
    result.is_identical = first_digest == second_digest;
    if (!result.is_identical) {
        QUERN_TRY(const apk::PackageFile old_file, apk::PackageFile::open(first));
        QUERN_TRY(const apk::PackageFile new_file, apk::PackageFile::open(second));
        QUERN_TRY(const package::ComparedPackage before, package::read_compared(old_file));
        QUERN_TRY(const package::ComparedPackage after, package::read_compared(new_file));
        result.leaked = package::compare(before, after);
        QUERN_CHECK(package::explain_files(result.leaked, old_file, new_file));
    }
    return result;
}

/// Files that a build leaves beside the packages: what linters found.
Result<void> move_lint_results(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code failure;
    std::vector<std::filesystem::path> found;
    for (std::filesystem::directory_iterator i(from, failure), end; !failure && i != end;
         i.increment(failure)) {
        if (i->path().extension() == ".json") {
            found.push_back(i->path());
        }
    }
    for (auto each = found.begin(); !failure && each != found.end(); ++each) {
        std::filesystem::rename(*each, to / each->filename(), failure);
    }
    if (failure) {
        return Error::system(failure.value(), "publishing what linters found");
    }
    return {};
}

/// Moves what the first build published to where the user wants it.
Result<void> publish_first(BuildReport& report, const BuildOptions& options) {
    const std::filesystem::path place = options.out_directory / options.load.architecture;
    std::vector<repository::StagedPackage> staged;
    std::filesystem::path from;
    for (BuiltPackage& built : report.packages) {
        QUERN_TRY(const apk::PackageFile file, apk::PackageFile::open(built.path));
        const apk::PackageHead& head = file.head();
        staged.push_back(
            {built.path,
             apk::make_index_entry(head.info, head.checksum, head.file_size),
             built.provenance}
        );
        from = built.path.parent_path();
        built.path = place / built.path.filename();
        if (!built.provenance.empty()) {
            built.provenance = place / built.provenance.filename();
        }
    }
    QUERN_CHECK(repository::publish(
        options.out_directory,
        options.load.architecture,
        std::move(staged),
        {.key = options.key, .update_index = options.update_index}
    ));
    return from.empty() ? Result<void>() : move_lint_results(from, place);
}

}  // namespace

bool TwiceReport::is_reproducible() const {
    return std::all_of(packages.begin(), packages.end(), [](const TwicePackage& package) {
        return package.is_identical;
    });
}

Result<TwiceReport> build_twice(const BuildOptions& options, const Services& services) {
    if (!options.until_step.empty() || !options.from_step.empty() || options.interactive) {
        return Error(ErrorCode::usage, "--twice builds a whole recipe, twice, and by itself")
            .help("leave out --from, --until and --interactive");
    }
    QUERN_TRY(
        const Scratch scratch, Scratch::create(options.out_directory, ".quern-staging-twice-")
    );
    const BuildOptions first = first_options(options, scratch.path());
    TwiceReport report;
    QUERN_TRY(report.build, build_first(first, services));
    if (report.build.is_skipped) {
        return report;
    }
    QUERN_CHECK(wait_for_next_second(services.cancel));
    QUERN_TRY(const BuildReport second, build_second(first, scratch.path(), services));
    for (std::size_t i = 0; i < report.build.packages.size(); ++i) {
        QUERN_TRY(
            TwicePackage package, compare(report.build.packages[i].path, second.packages.at(i).path)
        );
        report.packages.push_back(std::move(package));
    }
    if (report.is_reproducible()) {
        QUERN_CHECK(publish_first(report.build, options));
    } else {
        report.build.packages.clear();
    }
    return report;
}

}  // namespace quern::build
