// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/index_flags.hpp"
#include "cli/terminal.hpp"
#include "quern/resolver.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <variant>

namespace quern::cli {
namespace {

struct ResolveFlags {
    std::vector<std::string> world;
    IndexFlags indexes;
};

std::string text_of(const std::vector<repository::Selected>& packages) {
    std::string text;
    for (const repository::Selected& selected : packages) {
        text += fmt::format("{}-{}\n", selected.entry->name, selected.entry->version);
    }
    return text;
}

nlohmann::ordered_json json_of(const std::vector<repository::Selected>& packages) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const repository::Selected& selected : packages) {
        json.push_back({
            {"name", selected.entry->name},
            {"version", selected.entry->version},
            {"repository", selected.location.shown()},
            {"checksum", selected.entry->checksum},
            {"size", selected.entry->file_size},
        });
    }
    return json;
}

Result<void> run_resolve(const ResolveFlags& flags, const Invocation& invocation) {
    QUERN_TRY(const auto world, parse_world(flags.world));
    QUERN_TRY(const Indexes indexes, read_indexes(flags.indexes, invocation));
    QUERN_TRY(
        const auto decision, repository::decide(world, indexes.own, indexes.options(flags.indexes))
    );
    const bool is_json = invocation.global.format == "json";
    if (const auto* refusal = std::get_if<repository::Refusal>(&decision)) {
        if (is_json) {
            QUERN_CHECK(print(to_json_text(to_json(*refusal))));
        }
        return repository::to_error(*refusal);
    }
    const auto& resolution = std::get<repository::Resolution>(decision);
    print_notes(resolution.notes, invocation);
    return print(
        is_json ? to_json_text(json_of(resolution.packages)) : text_of(resolution.packages)
    );
}

}  // namespace

Run define_resolve(CLI::App& app) {
    const auto flags = std::make_shared<ResolveFlags>();
    add_option(
        app, "world", flags->world, "package names and constraints: gcc 'zlib-dev>1.2' '!dash'"
    );
    add_index_flags(app, flags->indexes);
    return [flags](const Invocation& invocation) { return run_resolve(*flags, invocation); };
}

}  // namespace quern::cli
