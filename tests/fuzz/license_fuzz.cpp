// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license.hpp"
#include "package/spdx_expression.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace quern::package;

/// An expression is what its text says, a problem lies inside of the text, and every entry gets an
/// expression for the document.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const SpdxParse parse = parse_spdx_expression(text);
    QUERN_ASSERT(parse.expression.has_value() == parse.problems.empty());
    for (const SpdxProblem& problem : parse.problems) {
        QUERN_ASSERT(problem.offset <= size && problem.length <= size - problem.offset);
        QUERN_ASSERT(!problem.message.empty());
    }
    if (parse.expression) {
        const SpdxParse again = parse_spdx_expression(to_string(*parse.expression));
        QUERN_ASSERT(again.expression == parse.expression);
    }
    const LicenseSummary summary = summarize_licenses({{text, "", false}, {text, "x", true}});
    QUERN_ASSERT(parse_spdx_expression(summary.expression).expression.has_value() || size > 100);
    return 0;
}
