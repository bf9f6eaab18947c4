// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/unchanged.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace quern::build {

TEST_CASE("packing key: each wish for another result is another key", "[build][unchanged]") {
    const std::vector<std::function<void(BuildOptions&)>> wishes = {
        [](BuildOptions&) {},
        [](BuildOptions& options) { options.cyclonedx = true; },
        [](BuildOptions& options) { options.provenance = true; },
        [](BuildOptions& options) { options.persist_lint_results = true; },
        [](BuildOptions& options) { options.dependency_log = "deps"; },
        [](BuildOptions& options) { options.source_date = 1; },
        [](BuildOptions& options) { options.compression_level = 1; },
        [](BuildOptions& options) { options.strip_origin_name = true; },
        [](BuildOptions& options) { options.update_index = false; },
        [](BuildOptions& options) { options.environment.ignore_signatures = true; },
        [](BuildOptions& options) { options.lint_require = {"empty"}; },
        [](BuildOptions& options) {
            options.lint_require = {"empty", "opt"};
        },
        [](BuildOptions& options) { options.lint_warn = {"empty"}; },
        [](BuildOptions& options) { options.namespace_name = "wolfi"; },
        [](BuildOptions& options) { options.recipe_license = "MIT"; },
        [](BuildOptions& options) { options.load.commit = "c0ffee"; },
        [](BuildOptions& options) { options.namespace_name = "x\ny"; },
        [](BuildOptions& options) {
            options.namespace_name = "x";
            options.repository_url = "y\n" + options.repository_url;
        },
    };
    std::set<std::string> keys;
    for (const auto& wish : wishes) {
        BuildOptions options;
        wish(options);
        keys.insert(packing_key("step", {}, options));
    }
    CHECK(keys.size() == wishes.size());
    CHECK(packing_key("step", {}, {}) == packing_key("step", {}, {}));
    CHECK(packing_key("step", {}, {}) != packing_key("other", {}, {}));
}

}  // namespace quern::build
