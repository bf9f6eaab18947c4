// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/licenses.hpp"

#include "build/source_tree.hpp"
#include "build/sources.hpp"
#include "support/cancel.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::build {

Result<LicenseReview> review_licenses(
    const recipe::Package& package, const FileTree& tree, bool is_deep
) {
    package::LicenseSearch search;
    search.is_deep = is_deep;
    for (const recipe::Copyright& entry : package.copyright) {
        if (!entry.license_path.is_empty()) {
            search.named.push_back(entry.license_path.value);
        }
    }
    LicenseReview review;
    QUERN_TRY(review.files, package::find_licenses(tree, search));
    review.differences = package::compare_licenses(package.copyright, review.files);
    return review;
}

Result<void> warn_of_licenses(
    const recipe::Package& package, const FileTree& home, const Services& services
) {
    QUERN_TRY(const LicenseReview review, review_licenses(package, home, false));
    for (const package::LicenseDifference& difference : review.differences) {
        services.reporter.warning("licence: " + difference.message);
    }
    return {};
}

Result<void> fetch_sources(
    const pipeline::Plan& plan,
    const std::filesystem::path& recipe,
    const Workspace& workspace,
    const Services& services
) {
    std::error_code failure;
    std::filesystem::path beside = recipe;
    beside.replace_extension();
    if (!recipe.empty() && std::filesystem::is_directory(beside, failure)) {
        QUERN_CHECK(copy_source_tree(beside, workspace.home(), services.ids, {}));
    }
    const SourceContext context{workspace, workspace.overlay_path(), 0};
    QUERN_TRY(const FileTree outside, FileTree::create(workspace.overlay_path()));
    if (plan.packages.empty()) {
        return {};
    }
    for (const pipeline::Step& step : plan.packages.front().steps) {
        QUERN_CHECK(services.cancel.check());
        if (!step.native.empty()) {
            QUERN_CHECK(run_native_step(step, context, services));
        }
    }
    return {};
}

}  // namespace quern::build
