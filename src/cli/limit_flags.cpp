// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/limit_flags.hpp"

#include "cli/flags.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <vector>

namespace quern::cli {
namespace {

constexpr auto no_limit = std::uint64_t{1} << 62U;  ///< twice as much still fits

constexpr const char* limits_group = "Limits (-1: none)";

struct LimitFlag {
    const char* names;
    const char* what;
    std::uint64_t* target;
    bool is_size;  ///< bytes, else a number
};

// Gives what is wrong with the text.
std::string take_limit(const std::string& text, const LimitFlag& flag) {
    if (text == "-1") {
        *flag.target = no_limit;
        return {};
    }
    const auto value = flag.is_size ? parse_size(text) : parse_unsigned(text);
    if (!value || *value > no_limit) {
        return fmt::format(
            "'{}' is no {}; -1 is no limit, 0 the default",
            printable(text),
            flag.is_size ? "size such as 300MiB" : "number"
        );
    }
    *flag.target = *value == 0 ? *flag.target : *value;
    return {};
}

std::string shown_default(const LimitFlag& flag) {
    return flag.is_size ? human_size(*flag.target) : std::to_string(*flag.target);
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<LimitFlag> limit_flags(InputLimits& limits) {
    return {
        {"--max-download-bytes,--max-http-response-size",
         "one download",
         &limits.http.body_bytes,
         true},
        {"--max-index-file-bytes", "an index as served", &limits.index.file_bytes, true},
        {"--max-index-text-bytes,--max-apkindex-decompressed-size",
         "an index unpacked",
         &limits.index.text_bytes,
         true},
        {"--max-index-line-bytes", "a line of an index", &limits.index.line_bytes, true},
        {"--max-index-entries", "packages of an index", &limits.index.entries, false},
        {"--max-index-relations",
         "dependencies and provides of an index",
         &limits.index.relations,
         false},
        {"--max-package-control-bytes,--max-apk-control-size",
         "a package's control section unpacked",
         &limits.package.control_bytes,
         true},
        {"--max-package-data-bytes,--max-apk-data-size",
         "a package's data unpacked",
         &limits.package.data_bytes,
         true},
        {"--max-package-entries", "files of a package", &limits.package.entries, false},
        {"--max-archive-entries", "files of a source", &limits.archive.entries, false},
        {"--max-archive-bytes,--max-archive-total-bytes",
         "a source unpacked",
         &limits.archive.total_bytes,
         true},
        {"--max-archive-file-bytes", "one file of a source", &limits.archive.file_bytes, true},
        {"--max-archive-ratio",
         "unpacked to packed size of a source",
         &limits.archive.ratio,
         false},
        {"--parallel-downloads",
         "packages downloaded at a time",
         &limits.parallel_downloads,
         false},
        {"--max-package-cache-bytes",
         "packages kept in the cache; those not used for longest go first",
         &limits.package_cache_bytes,
         true},
    };
}

}  // namespace

std::optional<std::uint64_t> parse_size(const std::string& text) {
    static constexpr std::string_view units = "kmgt";
    char* end = nullptr;
    const bool has_digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
    const double number = has_digit ? std::strtod(text.c_str(), &end) : -1;
    std::string unit = has_digit ? to_lower(end) : std::string();
    double factor = 1;
    if (!unit.empty() && units.find(unit[0]) != std::string_view::npos) {
        factor = std::pow(1024.0, static_cast<double>(units.find(unit[0]) + 1));
        unit.erase(0, 1);
    }
    if (!has_digit || (!unit.empty() && unit != "b" && unit != "ib") || !std::isfinite(number) ||
        number * factor > static_cast<double>(no_limit)) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(number * factor);
}

// NOLINTNEXTLINE(readability-function-size): a table
void add_limit_flags(CLI::App& app, InputLimits& limits) {
    for (const LimitFlag& flag : limit_flags(limits)) {
        const TakeText take = [flag](const std::string& text) { return take_limit(text, flag); };
        add_option(
            app,
            flag.names,
            take,
            fmt::format("most of {}; default: {}", flag.what, shown_default(flag))
        )
            ->group(limits_group);
    }
    add_option(
        app,
        "--download-retries",
        limits.http.retries,
        "how often a download that fails is tried again"
    )
        ->check(within(0, 100))
        ->capture_default_str()
        ->group(limits_group);
}

}  // namespace quern::cli
