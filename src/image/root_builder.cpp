// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Packages are read in parallel: their files go to the spool, their lists stay in memory. What
// then happens to the tree is quick, and done in the order of image-and-resolver 5.
#include "image/root_builder.hpp"

#include "image/database.hpp"
#include "image/loader_cache.hpp"
#include "image/path_changes.hpp"
#include "image/plain_files.hpp"
#include "image/services.hpp"
#include "image/trust.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::image {
namespace {

std::string lines_of(const std::vector<std::string>& lines) {
    return lines.empty() ? "\n" : quern::join(lines, "\n") + "\n";
}

Result<std::vector<PackageData>> read_packages(
    const RootDescription& description, Spool& spool, const Services& services
) {
    QUERN_CHECK(services.packages.prefetch(
        description.packages,
        services.pool,
        services.reporter,
        services.cancel,
        repository::DataCheck::while_reading
    ));
    Activity activity(services.reporter, "reading packages");
    activity.outcome("stopped");  // unless all goes well
    std::vector<PackageData> packages(description.packages.size());
    const auto read_one = [&](std::size_t i) -> Result<void> {
        QUERN_CHECK(services.cancel.check());
        return services.packages.read(
            description.packages[i],
            [&](const apk::PackageFile& package) -> Result<void> {
                QUERN_TRY(packages[i], read_package(package, spool));
                return {};
            }
        );
    };
    QUERN_CHECK(services.pool.for_each_index(packages.size(), read_one));
    activity.outcome(fmt::format("{} packages", packages.size()));
    return packages;
}

std::int64_t creation_date(
    const RootDescription& description, const std::vector<PackageData>& packages
) {
    if (description.source_date_epoch) {
        return *description.source_date_epoch;
    }
    std::int64_t newest = description.build_date;
    for (const PackageData& package : packages) {
        newest = std::max(newest, package.info.build_date.value_or(0));
    }
    return newest;
}

Result<void> write_keys(RootTree& tree, const std::map<std::string, std::string>& keys) {
    for (const auto& [name, pem] : keys) {
        QUERN_CHECK(tree.write(fmt::format("etc/apk/keys/{}", name), pem));
    }
    return {};
}

void warn_about_missing(const RootTree& tree, Reporter& reporter) {
    for (const char* path : {"etc/passwd", "etc/group", "etc/os-release"}) {
        if (tree.find(path) == nullptr) {
            reporter.warning(fmt::format("no package brings /{}", path));
        }
    }
}

Result<void> settle_accounts(const RootDescription& description, ImageRoot& root) {
    const Accounts& accounts = description.specification.accounts;
    root.run_as = accounts.run_as;
    if (!description.stands_on_base) {
        QUERN_CHECK(add_accounts(root.tree, *root.spool, accounts));
    }
    QUERN_TRY(root.names, AccountNames::read(root.tree, *root.spool));
    if (const auto uid = root.names.uids.find(root.run_as); uid != root.names.uids.end()) {
        root.run_as = std::to_string(uid->second);
    }
    return {};
}

/// What comes after the packages, in the order in which it may build on each other.
Result<void> finish(const RootDescription& description, ImageRoot& root) {
    const Specification& specification = description.specification;
    QUERN_CHECK(settle_accounts(description, root));
    Specification recorded = specification;
    recorded.accounts.run_as = root.run_as;
    QUERN_TRY(Inode * record, root.tree.write("etc/apko.json", to_json(recorded), 0444));
    record->mode = 0444;
    QUERN_CHECK(change_paths(root.tree, specification.paths));
    QUERN_CHECK(add_certificates(
        root.tree, *root.spool, specification.certificates, root.packages, root.created
    ));
    QUERN_CHECK(add_runtime_keys(root.tree, specification.contents.runtime_keyring, root.created));
    QUERN_CHECK(write_services(root.tree, specification.entrypoint.services));
    QUERN_CHECK(link_busybox(root.tree, *root.spool, root.packages));
    QUERN_CHECK(write_devices(root.tree));
    QUERN_CHECK(write_loader_cache(root.tree, *root.spool, description.architecture));
    QUERN_CHECK(root.tree.write("etc/apk/repositories", lines_of(description.repositories)));
    return {};
}

/// The package of `contents.files`. What it belongs to may be a name that a package brings, so the
/// others are in the tree by now.
Result<PackageData> read_plain_files(const RootDescription& description, const ImageRoot& root) {
    std::vector<PlainFile> files = description.specification.contents.files;
    for (PlainFile& file : files) {
        if (file.owner.empty()) {
            continue;
        }
        auto owner =
            find_owner(file.owner, root.tree, *root.spool, description.specification.accounts);
        if (!owner) {
            return std::move(owner).error().context(
                fmt::format("the owner of {}", printable(file.path))
            );
        }
        file.uid = owner->uid;
        file.gid = owner->gid;
    }
    return package_of_files(files, description.architecture, *root.spool);
}

}  // namespace

Result<ImageRoot> build_root(const RootDescription& description, const Services& services) {
    ImageRoot root;
    QUERN_TRY(root.spool, Spool::create(services.cache / "image"));
    QUERN_TRY(std::vector<PackageData> packages, read_packages(description, *root.spool, services));
    root.created = creation_date(description, packages);
    QUERN_CHECK(write_skeleton(root.tree, description.architecture));
    QUERN_CHECK(write_keys(root.tree, description.keys));
    QUERN_CHECK(root.tree.write("etc/apk/world", lines_of(description.world)));
    const Contents& contents = description.specification.contents;
    Installer installer(root.tree, contents.owners == "packages");
    for (PackageData& package : packages) {
        QUERN_CHECK(installer.install(std::move(package)));
    }
    if (!contents.files.empty()) {
        QUERN_TRY(PackageData files, read_plain_files(description, root));
        QUERN_CHECK(installer.install(std::move(files)));
    }
    root.packages = std::move(installer.packages());
    QUERN_CHECK(write_database(
        root.tree,
        root.packages,
        description.base_database,
        description.source_date_epoch.value_or(description.build_date)
    ));
    QUERN_CHECK(finish(description, root));
    warn_about_missing(root.tree, services.reporter);
    return root;
}

}  // namespace quern::image
