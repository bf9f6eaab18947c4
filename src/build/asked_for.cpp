// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/asked_for.hpp"

#include "build/failure.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace quern::build {
namespace {

constexpr std::size_t most_told = 5;

// The first step that a text of this definition led to.
const pipeline::Step* step_of(
    const SourceFile* definition, std::span<const pipeline::PackagePlan> plans
) {
    for (const pipeline::PackagePlan& plan : plans) {
        for (const pipeline::Step& step : plan.steps) {
            const bool is_from =
                std::any_of(step.origin.begin(), step.origin.end(), [&](const Span& span) {
                    return span.file == definition;
                });
            if (is_from && step.origin.back().file != definition) {
                return &step;
            }
        }
    }
    return nullptr;
}

std::string asker(const recipe::Text& text, std::span<const pipeline::PackagePlan> plans) {
    const Span& where = text.where;
    const std::string place =
        fmt::format("{}:{}", where.file->name(), where.file->position(where.begin).line);
    const pipeline::Step* const step = step_of(where.file, plans);
    if (step == nullptr) {
        return fmt::format("{} asks for {}", place, printable(text.value));
    }
    return fmt::format(
        "{}: step '{}' of {} asks for {} ({})",
        place_of(*step),
        printable(step->name),
        step->package,
        printable(text.value),
        place
    );
}

}  // namespace

Error with_askers(
    Error error,
    const recipe::Environment& environment,
    std::span<const pipeline::PackagePlan> plans
) {
    if (error.code() != ErrorCode::unsatisfiable) {
        return error;
    }
    const std::vector<std::string_view> lines = split(error.message(), '\n');
    std::vector<std::string> told;
    for (const recipe::Text& text : environment.packages) {
        const std::string need = "the world needs " + text.value;
        const bool is_missing = std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
            return trim(line) == need;
        });
        if (!is_missing || text.where.file == nullptr) {
            continue;
        }
        std::string line = asker(text, plans);
        if (std::find(told.begin(), told.end(), line) == told.end() && told.size() < most_told) {
            told.push_back(std::move(line));
        }
    }
    std::string message = error.message();
    for (const std::string& line : told) {
        message += "\n  " + line;
    }
    return Error(error.code(), std::move(message)).help(error.help());
}

}  // namespace quern::build
