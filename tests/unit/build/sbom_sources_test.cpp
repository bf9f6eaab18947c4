// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/sbom_sources.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace quern::build {
namespace {

recipe::PipelineNode fetch(const std::string& uri, const std::string& condition = {}) {
    recipe::PipelineNode node;
    node.uses.value = "fetch";
    node.with["uri"].value = uri;
    node.condition.value = condition;
    return node;
}

recipe::PipelineNode group(std::vector<recipe::PipelineNode> nodes, std::string condition = {}) {
    recipe::PipelineNode node;
    node.pipeline = std::move(nodes);
    node.condition.value = std::move(condition);
    return node;
}

/// "a@0 b@1-0": addresses and the places of their steps.
std::string told(const std::vector<recipe::PipelineNode>& pipeline) {
    recipe::Package package;
    package.name.value = "demo";
    package.version.value = "1.0";
    std::string text;
    for (const package::SbomSource& source : sbom_sources(pipeline, package)) {
        text += (text.empty() ? "" : " ") + source.uri + "@" + source.step;
    }
    return text;
}

}  // namespace

TEST_CASE(
    "sbom sources: those of all depths have the place of their step", "[build][sbom_sources]"
) {
    CHECK(told({fetch("a"), group({fetch("b"), group({fetch("c")})})}) == "a@0 b@1-0 c@1-1-0");
}

TEST_CASE("sbom sources: what was not fetched is not told", "[build][sbom_sources]") {
    CHECK(
        told({fetch("a", "'x' == 'y'"), fetch("b", "'x' == 'x'"), group({fetch("c")}, "'x' != 'x'")}
        ) == "b@1"
    );
}

}  // namespace quern::build
