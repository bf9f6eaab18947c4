// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_status.hpp"

#include "support/source_root.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using quern::ErrorCode;
using quern::cli::exit_status;
using quern::cli::status_meanings;

namespace {

// The rows of the table below "| exit status | meaning |".
std::vector<std::string> rows_of_readme() {
    std::ifstream file(source_root() / "README.md");
    std::vector<std::string> rows;
    bool is_inside = false;
    for (std::string line; std::getline(file, line);) {
        if (is_inside && !line.starts_with("|")) {
            break;
        }
        if (is_inside && !line.starts_with("| ---")) {
            rows.push_back(line);
        }
        is_inside = is_inside || line == "| exit status | meaning |";
    }
    return rows;
}

}  // namespace

TEST_CASE("exit status: README has the table of the program", "[cli][exit_status]") {
    std::vector<std::string> rows;
    for (const auto& status : status_meanings()) {
        rows.push_back(fmt::format("| {} | {} |", status.status, status.meaning));
    }
    CHECK(rows_of_readme() == rows);
}

TEST_CASE("exit status: every kind of failure has a documented status", "[cli][exit_status]") {
    const auto code = GENERATE(
        ErrorCode::io,
        ErrorCode::not_found,
        ErrorCode::invalid_recipe,
        ErrorCode::invalid_data,
        ErrorCode::step_failed,
        ErrorCode::sandbox,
        ErrorCode::network,
        ErrorCode::digest_mismatch,
        ErrorCode::signature,
        ErrorCode::unsatisfiable,
        ErrorCode::limit,
        ErrorCode::interrupted,
        ErrorCode::unsupported,
        ErrorCode::usage
    );
    const int status = exit_status(code);
    CAPTURE(status);
    CHECK(status != 0);
    CHECK(status != quern::cli::status_internal);
    CHECK(std::any_of(status_meanings().begin(), status_meanings().end(), [&](const auto& known) {
        return known.status == status;
    }));
}

TEST_CASE("exit status: what CI scripts branch on", "[cli][exit_status]") {
    auto [code, status] = GENERATE(table<ErrorCode, int>({
        {ErrorCode::invalid_recipe, 1},
        {ErrorCode::unsatisfiable, 1},
        {ErrorCode::usage, 2},
        {ErrorCode::step_failed, 3},
        {ErrorCode::network, 4},
        {ErrorCode::signature, 5},
        {ErrorCode::digest_mismatch, 5},
        {ErrorCode::interrupted, 130},
    }));
    CHECK(exit_status(code) == status);
}
