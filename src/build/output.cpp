// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/output.hpp"

namespace quern::build {

std::vector<Output> outputs_of(const recipe::Configuration& configuration) {
    const recipe::Package& main = configuration.package;
    std::vector<Output> outputs;
    outputs.push_back(
        {main.name.value,
         main.description.value,
         main.url.value,
         main.commit.value,
         &main.dependencies,
         &main.scriptlets,
         &main.setcap,
         &configuration.pipeline,
         &main.options,
         &main.checks_disabled,
         configuration.test ? &*configuration.test : nullptr,
         true}
    );
    for (const recipe::Subpackage& sub : configuration.subpackages) {
        outputs.push_back(
            {sub.name.value,
             sub.description.value,
             sub.url.value,
             sub.commit.is_empty() ? main.commit.value : sub.commit.value,
             &sub.dependencies,
             &sub.scriptlets,
             &sub.setcap,
             &sub.pipeline,
             &sub.options,
             &sub.checks_disabled,
             sub.test ? &*sub.test : nullptr,
             false}
        );
    }
    return outputs;
}

}  // namespace quern::build
