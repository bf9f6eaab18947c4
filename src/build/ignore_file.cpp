// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/ignore_file.hpp"

#include "support/text.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace quern::build {
namespace {

// "./a//b/../c" → a, c; a leading slash is dropped.
std::vector<std::string> clean_parts(std::string_view pattern) {
    std::vector<std::string> parts;
    for (const std::string_view part : split(pattern, '/')) {
        if (part.empty() || part == ".") {
            continue;
        }
        if (part == ".." && !parts.empty() && parts.back() != "..") {
            parts.pop_back();
            continue;
        }
        parts.emplace_back(part);
    }
    return parts;
}

bool matches_part(const std::string& pattern, std::string_view part) {
    return ::fnmatch(pattern.c_str(), std::string(part).c_str(), 0) == 0;
}

// Row by row over the pattern, so that many "**" cost no more than pattern times path.
bool matches_parts(
    const std::vector<std::string>& pattern, const std::vector<std::string_view>& path
) {
    std::vector<bool> reached(path.size() + 1, false);
    reached[0] = true;
    for (const std::string& part : pattern) {
        std::vector<bool> next(path.size() + 1, false);
        for (std::size_t i = 0; i <= path.size(); ++i) {
            if (part == "**") {
                next[i] = reached[i] || (i > 0 && next[i - 1]);
            } else if (i > 0 && reached[i - 1]) {
                next[i] = matches_part(part, path[i - 1]);
            }
        }
        reached = std::move(next);
    }
    return reached[path.size()];
}

}  // namespace

IgnoreFile IgnoreFile::parse(std::string_view text) {
    IgnoreFile file;
    for (std::string_view line : split(text, '\n')) {
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')
        ) {
            line.remove_suffix(1);
        }
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (line.front() == '!') {
            line.remove_prefix(1);
        }
        const bool is_anchored = line.starts_with('/');
        const bool is_directory = line.ends_with('/');
        Pattern pattern;
        pattern.parts = clean_parts(line);
        if (pattern.parts.empty() || (is_directory && pattern.parts.size() == 1)) {
            continue;  // a directory's name matches no file
        }
        pattern.by_name = pattern.parts.size() == 1 && !is_anchored;
        if (pattern.by_name && pattern.parts[0] == "**") {
            pattern.parts[0] = "*";
        }
        file.patterns_.push_back(std::move(pattern));
    }
    return file;
}

bool IgnoreFile::matches(std::string_view path) const {
    const auto parts = split(path, '/');
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
        return pattern.by_name ? matches_part(pattern.parts[0], parts.back())
                               : matches_parts(pattern.parts, parts);
    });
}

}  // namespace quern::build
