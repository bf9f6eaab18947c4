// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/staged.hpp"

#include "build/test_blocks.hpp"
#include "quern/test.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::build {
namespace {

// Links, because publishing moves its files.
Result<std::filesystem::path> make_repository(
    const StagedPackages& staged, const std::string& architecture
) {
    const std::filesystem::path repository = staged.directory.path() / "tested";
    const std::filesystem::path links = repository / "links";
    std::error_code failure;
    std::filesystem::create_directories(links, failure);
    std::vector<repository::StagedPackage> packages;
    for (const repository::StagedPackage& package : staged.packages) {
        packages.push_back({links / package.path.filename(), package.entry});
        if (!failure) {
            std::filesystem::create_hard_link(package.path, packages.back().path, failure);
        }
    }
    if (failure) {
        return Error::system(
            failure.value(), fmt::format("making the repository {}", repository.string())
        );
    }
    QUERN_CHECK(repository::publish(repository, architecture, std::move(packages), {}));
    return repository;
}

}  // namespace

Result<void> test_staged(
    const StagedPackages& staged,
    const pipeline::Compiled& compiled,
    const BuildOptions& options,
    const Services& services
) {
    const std::string& architecture = options.load.architecture;
    TestBlocks blocks = {
        compiled, options.recipe, architecture, options.environment, {}, options.tests->run};
    QUERN_TRY(blocks.environment.staged_repository, make_repository(staged, architecture));
    blocks.environment.extra_packages = options.tests->extra_packages;
    for (const BuiltPackage& package : staged.built) {
        blocks.pins[package.name] =
            fmt::format("{}={}", package.name, compiled.configuration.package.full_version());
    }
    QUERN_TRY(const TestReport report, run_test_blocks(blocks, services));
    if (options.tests->on_report) {
        options.tests->on_report(report);
    }
    if (auto failure = report.failure()) {
        return std::move(*failure).context("nothing is published");
    }
    return {};
}

Result<void> publish_staged(
    StagedPackages& staged, const BuildOptions& options, const Services& services
) {
    Activity activity(services.reporter, "publishing");
    const repository::PublishOptions publish_options = {
        .key = options.key, .update_index = options.update_index};
    QUERN_CHECK(repository::publish(
        options.out_directory,
        options.load.architecture,
        std::move(staged.packages),
        publish_options
    ));
    activity.outcome("done");
    return {};
}

}  // namespace quern::build
