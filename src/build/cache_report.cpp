// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/cache_report.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

namespace quern::build {
namespace {

constexpr std::uint64_t block = 512;  // of st_blocks

bool is_since(const timespec& time, const timespec& start) {
    return time.tv_sec > start.tv_sec ||
           (time.tv_sec == start.tv_sec && time.tv_nsec >= start.tv_nsec);
}

// When the file was made; where the file system does not say, when it was last touched, as compiler
// caches do with what they use again.
timespec made_at(const TreeEntry& entry) {
    struct statx status = {};
    const std::string name(entry.name());
    const bool is_known =
        ::statx(entry.parent_fd, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) == 0 &&
        (status.stx_mask & STATX_BTIME) != 0;
    return is_known ? timespec{status.stx_btime.tv_sec, status.stx_btime.tv_nsec}
                    : entry.status.st_ctim;
}

// Not an error of anything: the walk ends.
Error enough() {
    return {ErrorCode::limit, "enough"};
}

}  // namespace

CompilerCounts count_calls(std::string_view log) {
    CompilerCounts counts;
    std::uint64_t calls = 0;
    while (!log.empty()) {
        const std::size_t end = std::min(log.find('\n'), log.size());
        const std::string_view line = log.substr(0, end);
        log.remove_prefix(std::min(end + 1, log.size()));
        calls += line.starts_with("# ") ? 1U : 0U;
        counts.hits += line == "direct_cache_hit" || line == "preprocessed_cache_hit" ? 1U : 0U;
        counts.misses += line == "cache_miss" ? 1U : 0U;
    }
    counts.passed_over = calls - std::min(calls, counts.hits + counts.misses);
    return counts;
}

CacheReport look_at_cache(const FileTree& cache, const timespec& start, std::uint64_t most) {
    CacheReport report;
    const auto walked = cache.walk("", [&](const TreeEntry& entry) -> Result<void> {
        if (S_ISDIR(entry.status.st_mode)) {
            return {};
        }
        if (report.files == most) {
            return enough();
        }
        const std::uint64_t bytes = static_cast<std::uint64_t>(entry.status.st_blocks) * block;
        ++report.files;
        report.bytes += bytes;
        if (is_since(made_at(entry), start)) {
            ++report.new_files;
            report.new_bytes += bytes;
        }
        return {};
    });
    report.is_whole = walked.has_value();
    return report;
}

std::string to_text(const CacheReport& report) {
    constexpr std::uint64_t hundred = 100;
    std::string text;
    if (report.counts) {
        const std::uint64_t all = report.counts->hits + report.counts->misses;
        text = fmt::format("{} of {} compilations", report.counts->hits, all);
        text += all == 0 ? "" : fmt::format(" ({} %)", report.counts->hits * hundred / all);
        text += " were in it";
    } else if (report.new_files == 0) {
        return {};
    }
    if (!report.is_counted) {
        return fmt::format("cache {}: {}", report.name, text);
    }
    return fmt::format(
        "cache {}: {}{}{} new files, {}; {}{} in all",
        report.name,
        text,
        text.empty() ? "" : "; ",
        report.new_files,
        human_size(report.new_bytes),
        report.is_whole ? "" : "more than ",
        human_size(report.bytes)
    );
}

}  // namespace quern::build
