// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "recipe/query.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

using namespace quern;

/// Any text is answered, or refused with one error inside of it; never more than the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    recipe::Configuration configuration;
    configuration.package.name.value = "demo";
    configuration.package.version.value = "1.2\xC3\xA9";
    configuration.package.copyright.resize(2);
    configuration.subpackages.resize(3);
    configuration.vars = {{"a", {"<b> \"c\"", {}}}, {"empty", {}}};
    const auto text = std::make_shared<const SourceFile>(
        "template", std::string(reinterpret_cast<const char*>(data), size)
    );
    Diagnostics diagnostics;
    const auto output = recipe::query(configuration, text, diagnostics);
    QUERN_ASSERT(output.has_value() == !diagnostics.has_errors());
    QUERN_ASSERT(!output || output->size() <= std::size_t{16} * 1024 * 1024);
    QUERN_ASSERT(diagnostics.error_count() <= 1);
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        QUERN_ASSERT(diagnostic.where.begin <= text->text().size());
    }
    return 0;
}
