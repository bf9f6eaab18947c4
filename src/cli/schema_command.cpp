// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "recipe/schema.hpp"

#include <memory>

namespace quern::cli {

Run define_schema(CLI::App& app) {
    const auto definition = std::make_shared<bool>(false);
    add_flag(app, "--pipeline", *definition, "of pipeline definitions instead of recipes");
    return [definition](const Invocation& /*invocation*/) {
        return print(recipe::json_schema(
            *definition ? recipe::SchemaOf::definition : recipe::SchemaOf::recipe
        ));
    };
}

}  // namespace quern::cli
