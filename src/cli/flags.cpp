// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace quern::cli {

OneOf one_of(std::vector<std::string> values) {
    return {std::move(values)};
}

Within within(int lowest, int highest) {
    return {lowest, highest};
}

Flag& Flag::required() {
    option_->required();
    return *this;
}

Flag& Flag::check(const OneOf& allowed) {
    // An empty value means the default where it is allowed; no message lists it.
    std::vector<std::string> named;
    std::copy_if(
        allowed.values.begin(),
        allowed.values.end(),
        std::back_inserter(named),
        [](const auto& each) { return !each.empty(); }
    );
    const bool may_be_empty = named.size() != allowed.values.size();
    const CLI::Validator member = CLI::IsMember(named);
    option_->check(CLI::Validator(
        [member, may_be_empty](std::string& text) {
            return may_be_empty && text.empty() ? std::string() : member(text);
        },
        member.get_description()
    ));
    return *this;
}

Flag& Flag::check(const Within& allowed) {
    option_->check(CLI::Range(allowed.lowest, allowed.highest));
    return *this;
}

Flag& Flag::capture_default_str() {
    option_->capture_default_str();
    return *this;
}

Flag& Flag::default_str(const std::string& text) {
    option_->default_str(text);
    return *this;
}

Flag& Flag::group(const std::string& name) {
    option_->group(name);
    return *this;
}

Flag add_option(
    CLI::App& app, const std::string& name, std::string& target, const std::string& description
) {
    return Flag(app.add_option(name, target, description));
}

Flag add_option(
    CLI::App& app,
    const std::string& name,
    std::filesystem::path& target,
    const std::string& description
) {
    return Flag(app.add_option(name, target, description));
}

Flag add_option(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
) {
    return Flag(app.add_option(name, target, description));
}

Flag add_option(
    CLI::App& app, const std::string& name, int& target, const std::string& description
) {
    return Flag(app.add_option(name, target, description));
}

Flag add_option(
    CLI::App& app, const std::string& name, std::uint64_t& target, const std::string& description
) {
    return Flag(app.add_option(name, target, description));
}

Flag add_option(
    CLI::App& app, const std::string& name, const TakeText& take, const std::string& description
) {
    const auto checked = [name, take](const std::string& text) {
        if (const std::string wrong = take(text); !wrong.empty()) {
            throw CLI::ValidationError(name, wrong);
        }
    };
    return Flag(app.add_option_function<std::string>(name, checked, description));
}

Flag add_flag(
    CLI::App& app, const std::string& name, bool& target, const std::string& description
) {
    return Flag(app.add_flag(name, target, description));
}

Flag add_flag(CLI::App& app, const std::string& name, int& target, const std::string& description) {
    return Flag(app.add_flag(name, target, description));
}

Flag add_list(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
) {
    CLI::Option* option = app.add_option(name, target, description);
    return Flag(option->delimiter(',')->allow_extra_args(false)->take_all());
}

Flag add_repeated(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
) {
    CLI::Option* option = app.add_option(name, target, description);
    return Flag(option->allow_extra_args(false)->take_all());
}

void describe_option(CLI::App& app, const std::string& name, const std::string& description) {
    app.get_option(name)->description(description);
}

}  // namespace quern::cli
