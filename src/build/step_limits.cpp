// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/step_limits.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace quern::build {
namespace {

struct Unit {
    std::string_view suffix;
    std::uint64_t factor;
};

// Source: the quantities of Kubernetes, which recipes use here.
constexpr std::array<Unit, 10> memory_units = {
    {{"Ki", std::uint64_t{1} << 10U},
     {"Mi", std::uint64_t{1} << 20U},
     {"Gi", std::uint64_t{1} << 30U},
     {"Ti", std::uint64_t{1} << 40U},
     {"k", 1'000},
     {"K", 1'000},
     {"M", 1'000'000},
     {"G", 1'000'000'000},
     {"T", 1'000'000'000'000},
     {"", 1}}};
constexpr std::array<Unit, 2> processor_units = {{{"m", 1}, {"", 1000}}};

// "1.5" times `factor`, without the rest below one; exact, unlike a double.
std::optional<std::uint64_t> multiply(std::string_view number, std::uint64_t factor) {
    const std::size_t point = number.find('.');
    const auto whole = parse_unsigned(number.substr(0, point));
    constexpr std::uint64_t most = std::uint64_t{1} << 60U;
    if (!whole || *whole > most / factor) {
        return std::nullopt;
    }
    std::uint64_t result = *whole * factor;
    if (point == std::string_view::npos) {
        return result;
    }
    const std::string_view digits = number.substr(point + 1);
    constexpr std::size_t most_digits = 3;
    constexpr std::uint64_t ten = 10;
    const auto part = parse_unsigned(digits);
    if (!part || digits.size() > most_digits) {
        return std::nullopt;
    }
    std::uint64_t divisor = 1;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        divisor *= ten;
    }
    return result + factor * *part / divisor;
}

template <std::size_t count>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, count>& units) {
    for (const Unit& unit : units) {
        if (text.ends_with(unit.suffix)) {
            return multiply(text.substr(0, text.size() - unit.suffix.size()), unit.factor);
        }
    }
    return std::nullopt;
}

Error bad(std::string_view name, std::string_view value, std::string_view examples) {
    return Error(
               ErrorCode::invalid_recipe,
               fmt::format("package.resources.{0} (or --{0}) is '{1}'", name, printable(value))
    )
        .help(fmt::format("write it as {}", examples));
}

}  // namespace

Result<sandbox::Limits> step_limits(const recipe::Resources& resources, std::uint32_t processes) {
    sandbox::Limits limits;
    if (processes != 0) {
        limits.processes = processes;
    }
    if (!resources.memory.empty()) {
        const auto bytes = parse(resources.memory, memory_units);
        if (!bytes || *bytes == 0) {
            return bad("memory", resources.memory, "8Gi, 512Mi, 2G or a number of bytes");
        }
        limits.memory_bytes = *bytes;
    }
    if (!resources.cpu.empty()) {
        const auto thousandths = parse(resources.cpu, processor_units);
        constexpr std::uint64_t most = 1'000'000'000;
        if (!thousandths || *thousandths == 0 || *thousandths > most) {
            return bad("cpu", resources.cpu, "4, 1.5 or 500m (thousandths)");
        }
        limits.cpu_thousandths = static_cast<std::uint32_t>(*thousandths);
    }
    return limits;
}

Result<std::uint64_t> disk_limit(
    const recipe::Resources& resources, const std::filesystem::path& directory, Reporter& reporter
) {
    if (resources.disk.empty()) {
        return std::uint64_t{0};
    }
    const auto bytes = parse(resources.disk, memory_units);
    if (!bytes || *bytes == 0) {
        return bad("disk", resources.disk, "50Gi, 512Mi, 2G or a number of bytes");
    }
    std::error_code failure;
    const std::filesystem::space_info space = std::filesystem::space(directory, failure);
    if (!failure && space.available < *bytes) {
        reporter.warning(fmt::format(
            "package.resources.disk asks for {}: {} has {} free",
            human_size(*bytes),
            directory.string(),
            human_size(space.available)
        ));
    }
    return *bytes;
}

}  // namespace quern::build
