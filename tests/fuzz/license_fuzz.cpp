// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace quern::package;

/// An expression in brackets is one too, and every entry gets an expression for the document.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (size < 4'096 && is_spdx_expression(text)) {
        QUERN_ASSERT(is_spdx_expression("MIT OR " + text));
    }
    const LicenseSummary summary = summarize_licenses({{text, "", false}});
    QUERN_ASSERT(!summary.expression.empty());
    return 0;
}
