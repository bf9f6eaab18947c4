// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/last_failure.hpp"

#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <system_error>
#include <utility>

namespace quern::build {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kept_name = "failed";
constexpr const char* record_name = "failure.json";

Json to_json(const FailedStep& step) {
    Json environment = Json::array();
    for (const auto& [name, value] : step.command.environment) {
        environment.push_back({name, value});
    }
    return {
        {"name", step.name},
        {"package", step.package},
        {"working_directory", step.working_directory},
        {"environment", std::move(environment)},
        {"uid", step.command.uid},
        {"gid", step.command.gid},
        {"network", step.command.network},
        {"add_capabilities", step.command.add_capabilities},
        {"drop_capabilities", step.command.drop_capabilities},
    };
}

FailedStep step_from(const Json& json) {
    FailedStep step;
    step.name = json.at("name");
    step.package = json.at("package");
    step.working_directory = json.at("working_directory");
    for (const Json& variable : json.at("environment")) {
        step.command.environment.emplace_back(variable.at(0), variable.at(1));
    }
    step.command.uid = json.at("uid");
    step.command.gid = json.at("gid");
    step.command.network = json.at("network");
    step.command.add_capabilities = json.at("add_capabilities");
    step.command.drop_capabilities = json.at("drop_capabilities");
    return step;
}

}  // namespace

Result<void> keep_failure(
    OwnGuest own,
    const FailedStep& step,
    const std::vector<std::string>& command_line,
    const std::filesystem::path& cache_directory
) {
    QUERN_TRY(const auto abandoned, std::move(own).abandon());
    const auto& [workspace, place] = abandoned;
    Json lowers = Json::array();
    for (const std::filesystem::path& lower : place.lowers) {
        // A layer that could not be kept lies in the workspace, which is about to move.
        lowers.push_back(
            lower.string().starts_with(workspace.string() + "/")
                ? lower.lexically_relative(workspace).string()
                : lower.string()
        );
    }
    std::error_code failure;
    const Json json = {
        {"step", to_json(step)},
        {"command_line", command_line},
        {"directory", std::filesystem::current_path(failure).string()},
        {"lowers", std::move(lowers)},
        {"overlay", place.overlay.string()},
        {"home", place.home.string()},
    };
    // Variables and words may be any bytes.
    const std::string text = json.dump(1, ' ', true, Json::error_handler_t::replace);
    QUERN_CHECK(write_file_atomically(workspace / record_name, text, 0600));
    const std::filesystem::path kept = cache_directory / kept_name;
    QUERN_CHECK(remove_tree(kept));
    std::filesystem::rename(workspace, kept, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("keeping {}", workspace.string()));
    }
    return {};
}

Result<LastFailure> read_last_failure(const std::filesystem::path& cache_directory) {
    const std::filesystem::path kept = cache_directory / kept_name;
    auto text = read_file(kept / record_name);
    if (!text) {
        return Error(ErrorCode::not_found, "no build has failed here so far")
            .help("the guest of a failed build is kept below the cache (--cache-root)");
    }
    try {
        const Json json = Json::parse(*text);
        LastFailure last;
        last.step = step_from(json.at("step"));
        last.command_line = json.at("command_line").get<std::vector<std::string>>();
        last.directory = json.at("directory").get<std::string>();
        for (const Json& lower : json.at("lowers")) {
            last.place.lowers.push_back(kept / lower.get<std::string>());
        }
        last.place.overlay = kept / json.at("overlay").get<std::string>();
        const std::string home = json.at("home");
        last.place.home = home.empty() ? std::filesystem::path() : kept / home;
        return last;
    } catch (const Json::exception& wrong) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("{} is damaged: {}", (kept / record_name).string(), wrong.what())
        );
    }
}

}  // namespace quern::build
