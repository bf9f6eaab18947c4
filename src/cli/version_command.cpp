// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace quern::cli {

Run define_version(CLI::App& app) {
    const auto as_json = std::make_shared<bool>(false);
    add_flag(app, "--json", *as_json, "as JSON");
    return [as_json](const Invocation& invocation) -> Result<void> {
        if (*as_json || invocation.global.format == "json") {
            return print(to_json_text({{"name", "quern"}, {"version", QUERN_VERSION}}));
        }
        return print(fmt::format("quern {}\n", QUERN_VERSION));
    };
}

}  // namespace quern::cli
