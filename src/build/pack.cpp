// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/pack.hpp"

#include "build/describe.hpp"
#include "build/lint.hpp"
#include "build/metadata.hpp"
#include "package/emit.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace quern::build {
namespace {

/// The outputs of a recipe with their files packed and looked at.
struct Drafts {
    std::vector<Output> outputs;
    std::vector<package::Subject> subjects;  ///< one an output
    std::vector<apk::SpooledData> data;      ///< one an output
};

apk::PackageWriterOptions writer_options(const PackContext& context, const Services& services) {
    return {
        .key = context.options.key,
        .timestamp = Timestamp(context.options.source_date),
        .compression_level = context.options.compression_level,
        .pool = &services.pool,
    };
}

Result<void> add_draft(
    const Output& output,
    const PackContext& context,
    const std::filesystem::path& staging,
    const Services& services,
    Drafts& drafts
) {
    Activity activity(services.reporter, fmt::format("packing {}", output.name));
    QUERN_TRY(const FileTree root, context.workspace.output(output.name));
    QUERN_CHECK(describe(output, root, context, services));
    const package::TreeOptions tree_options = {
        .ids = services.ids,
        .timestamp = Timestamp(context.options.source_date),
        .capabilities = file_capabilities(*output.setcap),
    };
    QUERN_TRY(package::Tree tree, package::read_tree(root, context.owners, tree_options));
    package::Subject& subject = drafts.subjects.emplace_back(output.name, std::move(tree));
    QUERN_TRY(
        apk::SpooledData data,
        package::pack_data(staging, root, subject, writer_options(context, services))
    );
    activity.outcome(human_size(data.size));
    drafts.data.push_back(std::move(data));
    return {};
}

Result<Drafts> draft_all(
    const PackContext& context, const std::filesystem::path& staging, const Services& services
) {
    Drafts drafts;
    drafts.outputs = outputs_of(context.configuration);
    for (const Output& output : drafts.outputs) {
        QUERN_CHECK(services.cancel.check());
        auto added = add_draft(output, context, staging, services, drafts);
        if (!added) {
            return std::move(added).error().context(fmt::format("packing {}", output.name));
        }
    }
    return drafts;
}

// Source: recipe-and-build 1.1, --dependency-log.
Result<void> log_relations(const package::ScanResult& scan, const BuildOptions& options) {
    if (options.dependency_log.empty()) {
        return {};
    }
    const nlohmann::ordered_json json = {
        {"runtime", scan.texts(package::Relation::depends)},
        {"provides", scan.texts(package::Relation::provides)},
        {"vendored", scan.texts(package::Relation::vendored)},
    };
    return write_file_atomically(
        fmt::format("{}.{}", options.dependency_log.string(), options.load.architecture),
        json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"
    );
}

Result<apk::WrittenPackage> write(
    const Drafts& drafts,
    std::size_t index,
    const PackContext& context,
    const std::filesystem::path& staging,
    const Services& services
) {
    const Output& output = drafts.outputs[index];
    const package::ScanResult scan =
        package::scan(drafts.subjects, index, scan_options(output, context.configuration.package));
    for (const std::string& warning : scan.warnings) {
        services.reporter.warning(fmt::format("{}: {}", output.name, warning));
    }
    QUERN_CHECK(log_relations(scan, context.options));
    auto written = apk::write_package(
        staging,
        package_info(output, context.configuration.package, context.options, scan),
        control_files(output, context.configuration, context.options),
        drafts.data[index],
        writer_options(context, services)
    );
    if (!written) {
        return std::move(written).error().context(fmt::format("packing {}", output.name));
    }
    return written;
}

}  // namespace

Result<std::vector<apk::WrittenPackage>> pack_all(
    const PackContext& context, const std::filesystem::path& staging, const Services& services
) {
    QUERN_TRY(const Drafts drafts, draft_all(context, staging, services));
    QUERN_CHECK(lint_all(drafts.outputs, drafts.subjects, context, services));
    std::vector<apk::WrittenPackage> packages;
    for (std::size_t i = 0; i < drafts.outputs.size(); ++i) {
        QUERN_TRY(apk::WrittenPackage written, write(drafts, i, context, staging, services));
        packages.push_back(std::move(written));
    }
    return packages;
}

}  // namespace quern::build
