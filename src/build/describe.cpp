// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/describe.hpp"

#include "build/source_tree.hpp"
#include "package/cyclonedx.hpp"
#include "package/license.hpp"
#include "package/sbom.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::build {
namespace {

std::string input_of(const recipe::PipelineNode& node, std::string_view name) {
    const auto found = node.with.find(name);
    return found == node.with.end() ? std::string() : found->second.value;
}

package::SbomSource fetched_source(
    const recipe::PipelineNode& node, const recipe::Package& package
) {
    package::SbomSource source;
    source.kind = "fetch";
    source.uri = input_of(node, "uri");
    source.name = input_of(node, "purl-name");
    source.version = input_of(node, "purl-version");
    source.name = source.name.empty() ? package.name.value : source.name;
    source.version = source.version.empty() ? package.version.value : source.version;
    source.sha256 = input_of(node, "expected-sha256");
    source.sha512 = input_of(node, "expected-sha512");
    return source;
}

package::SbomSource git_source(const recipe::PipelineNode& node) {
    package::SbomSource source;
    source.kind = "git-checkout";
    source.uri = input_of(node, "repository");
    source.branch = input_of(node, "branch");
    source.tag = input_of(node, "tag");
    source.commit = input_of(node, "expected-commit");
    return source;
}

// Sources at any depth; the peer tells only those at the top (recipe-and-build 10.4).
void add_sources(
    const std::vector<recipe::PipelineNode>& pipeline,
    const recipe::Package& package,
    const std::string& place,
    std::vector<package::SbomSource>& sources
) {
    for (std::size_t i = 0; i < pipeline.size(); ++i) {
        const recipe::PipelineNode& node = pipeline[i];
        const std::string step = place + std::to_string(i);
        if (node.uses.value == "fetch") {
            sources.push_back(fetched_source(node, package));
        } else if (node.uses.value == "git-checkout") {
            sources.push_back(git_source(node));
        } else {
            add_sources(node.pipeline, package, step + "-", sources);
            continue;
        }
        sources.back().step = step;
    }
}

std::vector<package::SbomSource> sources_of(
    const std::vector<recipe::PipelineNode>& pipeline, const recipe::Package& package
) {
    std::vector<package::SbomSource> sources;
    add_sources(pipeline, package, "", sources);
    return sources;
}

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
    input.recipe_path = context.options.recipe.string();
    input.recipe_commit = context.options.load.commit;
    input.recipe_repository_url = context.options.repository_url;
    input.recipe_license = context.options.recipe_license;
    input.sources = sources_of(*output.pipeline, main);
    if (!output.is_main) {
        input.inherited_sources = sources_of(context.configuration.pipeline, main);
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
