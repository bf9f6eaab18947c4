// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/describe.hpp"

#include "build/recipe_place.hpp"
#include "build/sbom_sources.hpp"
#include "build/source_tree.hpp"
#include "package/cyclonedx.hpp"
#include "package/license.hpp"
#include "package/sbom.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::build {
namespace {

Result<std::vector<package::LicenseEntry>> license_entries(const PackContext& context) {
    std::vector<package::LicenseEntry> entries;
    for (const recipe::Copyright& copyright : context.configuration.package.copyright) {
        package::LicenseEntry entry;
        entry.license = copyright.license.value;
        if (!copyright.license_path.is_empty()) {
            entry.has_path = true;
            auto text = context.workspace.home().read(copyright.license_path.value);
            if (!text) {
                return std::move(text).error().context(fmt::format(
                    "reading the licence text {}", printable(copyright.license_path.value)
                ));
            }
            entry.text = std::move(*text);
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

Result<std::string> spdx_document(
    const Output& output, const PackContext& context, const Services& services
) {
    const recipe::Package& main = context.configuration.package;
    QUERN_TRY(const auto entries, license_entries(context));
    package::LicenseSummary licenses = package::summarize_licenses(entries);
    if (output.is_main) {
        for (const std::string& warning : licenses.warnings) {
            services.reporter.warning(warning);
        }
    }
    package::SbomInput input;
    input.package = output.name;
    input.full_version = main.full_version();
    input.architecture = context.options.load.architecture;
    input.namespace_name = context.options.namespace_name;
    input.license_expression = std::move(licenses.expression);
    for (const recipe::Copyright& copyright : main.copyright) {
        if (!copyright.attestation.is_empty()) {
            input.attestations.push_back(copyright.attestation.value);
        }
    }
    input.cpe = cpe_name(main);
    input.recipe_path = recipe_place(context.options.recipe);
    input.recipe_commit = context.options.load.commit;
    input.recipe_repository_url = context.options.repository_url;
    input.recipe_license = context.options.recipe_license;
    input.sources = sbom_sources(*output.pipeline, main);
    if (!output.is_main) {
        input.inherited_sources = sbom_sources(context.configuration.pipeline, main);
    }
    input.extracted_licenses = std::move(licenses.extracted);
    input.created = Timestamp(context.options.source_date);
    return package::to_spdx_json(input);
}

// Scanners look for documents here. Source: recipe-and-build 10.1.
Result<void> write_document(
    const FileTree& tree, const std::string& name, const std::string& document
) {
    constexpr std::string_view directory = "var/lib/db/sbom";
    QUERN_CHECK(tree.make_directories(directory));
    const std::string path = fmt::format("{}/{}", directory, name);
    QUERN_CHECK(tree.remove(path));
    return tree.write(path, document, 0644);
}

}  // namespace

Result<void> describe(
    const Output& output, const FileTree& tree, const PackContext& context, const Services& services
) {
    QUERN_TRY(const std::string document, spdx_document(output, context, services));
    const std::string stem =
        fmt::format("{}-{}", output.name, context.configuration.package.full_version());
    if (context.options.cyclonedx) {
        QUERN_CHECK(write_document(tree, stem + ".cdx.json", package::to_cyclonedx_json(document)));
    }
    return write_document(tree, stem + ".spdx.json", document);
}

}  // namespace quern::build
