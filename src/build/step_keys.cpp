// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/step_keys.hpp"

#include "build/key_text.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/random.h>

#include <array>

namespace quern::build {
namespace {

std::string nonce() {
    std::array<std::uint8_t, 16> bytes = {};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return "nonce";
    }
    return to_hex(bytes);
}

void add_step(KeyText& key, const pipeline::Step& step, const StepSettings& settings) {
    key.add(step.package);
    key.add(step.script);
    key.add(step.native);
    for (const auto& [name, value] : step.inputs) {
        key.add(name);
        key.add(value);
    }
    key.add(step.working_directory);
    for (const auto& [name, value] : step_environment(step, settings)) {
        key.add(name);
        key.add(value);
    }
    key.add(step.network || settings.network ? "network" : "");
    key.add(step.failed_assertion);
    if (step.downloads) {
        key.add(step.downloads->into);
        key.add(join(step.downloads->locks, "\n"));
    }
}

std::string settings_text(const StepSettings& settings) {
    KeyText key;
    key.add(settings.environment.run_as);
    for (const recipe::User& user : settings.environment.users) {
        key.add(fmt::format("{}:{}:{}", user.name, user.uid, user.gid.value_or(user.uid)));
    }
    for (const auto* list : {&settings.capabilities.add, &settings.capabilities.drop}) {
        key.add("capabilities");
        for (const std::string& name : *list) {
            key.add(name);
        }
    }
    return key.finish();
}

}  // namespace

std::vector<PlannedStep> flatten(const pipeline::Plan& plan) {
    std::vector<PlannedStep> steps;
    for (const pipeline::PackagePlan& package : plan.packages) {
        if (package.steps.empty()) {
            steps.push_back({&package, nullptr, true});
        }
        for (const pipeline::Step& step : package.steps) {
            steps.push_back({&package, &step, &step == &package.steps.front()});
        }
    }
    return steps;
}

bool is_pinned(const pipeline::Step& step) {
    const auto has = [&](std::string_view name) {
        const auto found = step.inputs.find(name);
        return found != step.inputs.end() && !found->second.empty();
    };
    if (step.native == "fetch") {
        return has("expected-sha256") || has("expected-sha512");
    }
    return step.native.empty() || has("expected-commit");
}

std::vector<std::string> step_keys(
    std::string_view base, const std::vector<PlannedStep>& steps, const StepSettings& settings
) {
    // Raised when what the same step leaves behind changes with quern.
    constexpr std::string_view format = "quern snapshot 2";
    KeyText first;
    first.add(format);
    first.add(base);
    first.add(settings_text(settings));
    std::vector<std::string> keys = {first.finish()};
    for (const PlannedStep& planned : steps) {
        KeyText key;
        key.add(keys.back());
        key.add(planned.package->package);
        if (planned.step != nullptr) {
            add_step(key, *planned.step, settings);
            key.add(is_pinned(*planned.step) ? "" : nonce());
        }
        keys.push_back(key.finish());
    }
    return keys;
}

}  // namespace quern::build
