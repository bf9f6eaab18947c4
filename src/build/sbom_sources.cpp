// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/sbom_sources.hpp"

#include "quern/diagnostic.hpp"
#include "recipe/condition.hpp"

#include <cstddef>
#include <string>
#include <string_view>

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

// A compiled recipe has no variables left in its conditions.
bool is_on(const recipe::PipelineNode& node) {
    Diagnostics ignored;  // it was evaluated when it was compiled
    return recipe::evaluate(node.condition, {}, ignored).value_or(false);
}

void add_sources(
    const std::vector<recipe::PipelineNode>& pipeline,
    const recipe::Package& package,
    const std::string& place,
    std::vector<package::SbomSource>& sources
) {
    for (std::size_t i = 0; i < pipeline.size(); ++i) {
        const recipe::PipelineNode& node = pipeline[i];
        const std::string step = place + std::to_string(i);
        if (!is_on(node)) {
            continue;
        }
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

}  // namespace

std::vector<package::SbomSource> sbom_sources(
    const std::vector<recipe::PipelineNode>& pipeline, const recipe::Package& package
) {
    std::vector<package::SbomSource> sources;
    add_sources(pipeline, package, "", sources);
    return sources;
}

}  // namespace quern::build
