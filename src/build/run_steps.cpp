// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/run_steps.hpp"

#include "build/last_failure.hpp"
#include "build/step_log.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

bool is_called(const PlannedStep& planned, const std::string& name) {
    if (planned.step == nullptr) {
        return false;
    }
    return planned.step->name == name ||
           planned.package->package + "/" + planned.step->name == name;
}

Error no_step(
    const std::vector<PlannedStep>& steps, std::string_view flag, const std::string& name
) {
    std::string list;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].step != nullptr) {
            list += fmt::format(
                "\n  {:3} {}/{}", i + 1, steps[i].package->package, printable(steps[i].step->name)
            );
        }
    }
    return Error(
               ErrorCode::usage,
               fmt::format(
                   "{} {}: there is no one such step; steps are{}", flag, printable(name), list
               )
    )
        .help("name a step by its number, its name, or PACKAGE/NAME");
}

Result<std::size_t> find_step(
    const std::vector<PlannedStep>& steps, std::string_view flag, const std::string& name
) {
    if (const auto number = parse_unsigned(name);
        number && *number > 0 && *number <= steps.size()) {
        return static_cast<std::size_t>(*number - 1);
    }
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (is_called(steps[i], name)) {
            if (found) {
                return no_step(steps, flag, name);
            }
            found = i;
        }
    }
    return found ? Result<std::size_t>(*found) : Result<std::size_t>(no_step(steps, flag, name));
}

std::string titled(const std::vector<PlannedStep>& steps, std::size_t index) {
    const PlannedStep& planned = steps[index];
    return fmt::format(
        "step {} ({}{})",
        index + 1,
        planned.package->package,
        planned.step == nullptr ? "" : "/" + printable(planned.step->name)
    );
}

Error behind_the_end(const std::vector<PlannedStep>& steps, const StepRange& range) {
    return Error(
               ErrorCode::usage,
               fmt::format(
                   "--from names {}, which lies behind the {} of --until: nothing would run",
                   titled(steps, range.first),
                   titled(steps, range.end - 1)
               )
    )
        .help("exchange them, or leave one out");
}

// As if they had run now: the whole log is that of a build from the beginning.
void repeat_outputs(const StepRun& run, std::size_t end, const OwnGuest& own, StepLog& log) {
    for (std::size_t i = 0; i < end; ++i) {
        if (const pipeline::Step* step = run.steps[i].step) {
            log.write_heading(fmt::format("step \"{}\" of {} as it was", step->name, step->package)
            );
            log.repeat(own.kept_output(run.keys[i + 1]));
        }
    }
}

// Gives the index of the first step to run.
Result<std::size_t> start(
    const StepRun& run, OwnGuest& own, StepLog& log, const Services& services
) {
    std::optional<std::size_t> at_hand;
    if (!run.range.is_fresh) {
        QUERN_TRY(at_hand, own.resume(run.keys, run.range.first));
    }
    if (!at_hand) {
        QUERN_CHECK(run.populate());
        QUERN_CHECK(prepare_guest(own.guest(), services));
        QUERN_CHECK(own.freeze(run.keys.front(), {}));
        return std::size_t{0};
    }
    if (*at_hand > 0) {
        const std::string text = fmt::format(
            "{} of {} steps are as they were and not run again", *at_hand, run.steps.size()
        );
        services.reporter.note(text);
        log.write_heading(text);
        repeat_outputs(run, *at_hand, own, log);
    }
    return *at_hand;
}

Result<bool> run_one(
    const PlannedStep& planned, const ExecuteContext& context, const Services& services
) {
    QUERN_CHECK(context.workspace.make_output(planned.package->package));
    if (planned.is_first) {
        QUERN_CHECK(prepare_workspace(context, services));
    }
    return planned.step == nullptr ? Result<bool>(true)
                                   : execute_step(*planned.step, context, services);
}

}  // namespace

Result<StepRange> choose_steps(const std::vector<PlannedStep>& steps, const BuildOptions& options) {
    StepRange range = {steps.size(), steps.size(), options.is_fresh};
    if (!options.from_step.empty()) {
        QUERN_TRY(range.first, find_step(steps, "--from", options.from_step));
    }
    if (!options.until_step.empty()) {
        QUERN_TRY(const std::size_t last, find_step(steps, "--until", options.until_step));
        range.end = last + 1;
        if (!options.from_step.empty() && range.first >= range.end) {
            return behind_the_end(steps, range);
        }
        range.first = std::min(range.first, range.end);
    }
    return range;
}

Result<bool> run_steps(const StepRun& run, OwnGuest& own, const Services& services) {
    QUERN_TRY(StepLog log, StepLog::create(run.log, services.reporter));
    std::optional<FailedStep> failed;
    const ExecuteContext context = {run.settings, own.guest(), own.workspace(), log, failed};
    QUERN_TRY(std::size_t next, start(run, own, log, services));
    bool is_as_written = true;
    for (; next < run.range.end; ++next) {
        auto done = run_one(run.steps[next], context, services);
        if (!done) {
            if (failed && own.can_be_kept()) {
                // Nothing more can be said of it than the failure itself.
                std::ignore = keep_failure(
                    std::move(own), *failed, run.settings.command_line, services.cache_directory
                );
            }
            return std::move(done).error();
        }
        // What a shell of the user's mended is not what the texts of the steps make.
        is_as_written = is_as_written && *done;
        if (is_as_written) {
            const bool has_output = run.steps[next].step != nullptr;
            QUERN_CHECK(
                own.freeze(run.keys[next + 1], has_output ? log.since_heading() : FileRange())
            );
        }
    }
    return is_as_written;
}

Result<void> keep_stopped(const StepRun& run, OwnGuest own, const Services& services) {
    const PlannedStep& last = run.steps[run.range.end - 1];
    if (last.step == nullptr || !own.can_be_kept()) {
        return {};
    }
    QUERN_TRY(FailedStep step, describe_step(*last.step, run.settings));
    return keep_failure(std::move(own), step, run.settings.command_line, services.cache_directory);
}

}  // namespace quern::build
