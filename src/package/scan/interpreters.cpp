// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The first line of a script names the program that runs it. Source: recipe-and-build 8.8.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::package {
namespace {

// In every root, or chosen by the dependency on the language's own package.
constexpr std::array<std::string_view, 5> ignored = {"python3", "python", "sh", "awk", "luajit"};

bool is_searched(std::string_view path) {
    return is_below(path, "usr/bin") || is_below(path, "usr/local/bin") ||
           is_below(path, "usr/local/sbin");
}

}  // namespace

std::string interpreter_of(std::string_view line, std::string& problem) {
    const std::vector<std::string_view> words = split_words(line);
    if (words.empty()) {
        return {};
    }
    if (words[0] != "/usr/bin/env") {
        return std::string(words[0]);
    }
    if (words.size() == 2) {
        return std::string(words[1]);
    }
    if (words.size() > 2 && words[1] == "-S" && !words[2].starts_with('-')) {
        return std::string(words[2]);
    }
    problem = words.size() == 1 ? "env is given no program"
                                : "Linux gives env one argument: more need 'env -S'";
    return {};
}

void scan_interpreters(const ScanContext& context, ScanSink& sink) {
    const Subject& subject = context.subject;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const archive::TarEntry& entry = subject.entries()[i];
        const FileFacts* facts =
            is_regular(entry) && is_searched(entry.path) ? subject.facts(i) : nullptr;
        if (facts == nullptr || !facts->interpreter_line) {
            continue;
        }
        std::string problem;
        const std::string name(file_name(interpreter_of(*facts->interpreter_line, problem)));
        if (!problem.empty()) {
            sink.warn(
                entry.path, fmt::format("'#!{}': {}", printable(*facts->interpreter_line), problem)
            );
        } else if (!name.empty() && std::find(ignored.begin(), ignored.end(), name) == ignored.end()) {
            sink.depends("cmd:" + name, entry.path);
        }
    }
}

}  // namespace quern::package
