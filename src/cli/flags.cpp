// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/flags.hpp"

namespace quern::cli {

CLI::Option* add_option(
    CLI::App& app, const std::string& name, std::string& target, const std::string& description
) {
    return app.add_option(name, target, description);
}

CLI::Option* add_option(
    CLI::App& app,
    const std::string& name,
    std::filesystem::path& target,
    const std::string& description
) {
    return app.add_option(name, target, description);
}

CLI::Option* add_option(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
) {
    return app.add_option(name, target, description);
}

CLI::Option* add_option(
    CLI::App& app, const std::string& name, int& target, const std::string& description
) {
    return app.add_option(name, target, description);
}

CLI::Option* add_option(
    CLI::App& app, const std::string& name, std::uint64_t& target, const std::string& description
) {
    return app.add_option(name, target, description);
}

CLI::Option* add_flag(
    CLI::App& app, const std::string& name, bool& target, const std::string& description
) {
    return app.add_flag(name, target, description);
}

CLI::Option* add_flag(
    CLI::App& app, const std::string& name, int& target, const std::string& description
) {
    return app.add_flag(name, target, description);
}

CLI::Option* add_list(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
) {
    return app.add_option(name, target, description)
        ->delimiter(',')
        ->allow_extra_args(false)
        ->take_all();
}

CLI::Validator one_of(const std::vector<std::string>& values) {
    return CLI::IsMember(values);
}

CLI::Validator within(int lowest, int highest) {
    return CLI::Range(lowest, highest);
}

}  // namespace quern::cli
