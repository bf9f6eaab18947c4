// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/golden.hpp"

#include "support/atomic_file.hpp"
#include "support/source_root.hpp"
#include "support/text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace {

constexpr std::size_t context_lines = 3;

std::filesystem::path expected_path(std::string_view name) {
    return source_root() / "tests/golden" / fmt::format("{}.expected", name);
}

void accept(const std::filesystem::path& path, std::string_view actual) {
    std::filesystem::create_directories(path.parent_path());
    const auto written = quern::write_file_atomically(path, actual);
    if (!written) {
        FAIL(written.error().message());
    }
    WARN("accepted without comparing: " << path.filename().string());
}

}  // namespace

std::string line_diff(std::string_view expected, std::string_view actual) {
    if (expected == actual) {
        return {};
    }
    const auto old_lines = quern::split(expected, '\n');
    const auto new_lines = quern::split(actual, '\n');
    std::size_t same_before = 0;
    const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
    while (same_before < shorter && old_lines[same_before] == new_lines[same_before]) {
        ++same_before;
    }
    std::size_t same_after = 0;
    while (same_after < shorter - same_before && old_lines[old_lines.size() - 1 - same_after] ==
                                                     new_lines[new_lines.size() - 1 - same_after]) {
        ++same_after;
    }
    std::string text;
    const std::size_t first = same_before - std::min(same_before, context_lines);
    for (std::size_t i = first; i < same_before; ++i) {
        text += fmt::format("  {}\n", old_lines[i]);
    }
    for (std::size_t i = same_before; i < old_lines.size() - same_after; ++i) {
        text += fmt::format("- {}\n", old_lines[i]);
    }
    for (std::size_t i = same_before; i < new_lines.size() - same_after; ++i) {
        text += fmt::format("+ {}\n", new_lines[i]);
    }
    return text;
}

void golden(std::string_view name, std::string_view actual) {
    const auto path = expected_path(name);
    const char* const is_accepting = std::getenv("QUERN_ACCEPT");
    if (is_accepting != nullptr && std::string_view(is_accepting) == "1") {
        accept(path, actual);
        return;
    }
    const auto expected = quern::read_file(path);
    if (!expected) {
        FAIL_CHECK(
            "no tests/golden/" << name << ".expected; run again with QUERN_ACCEPT=1. Actual:\n"
                               << actual
        );
        return;
    }
    if (*expected != actual) {
        FAIL_CHECK(
            "tests/golden/" << name << ".expected differs:\n"
                            << line_diff(*expected, actual)
        );
    } else {
        SUCCEED();
    }
}
