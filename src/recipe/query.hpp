// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"
#include "recipe/template_tree.hpp"

#include <memory>
#include <optional>
#include <string>

namespace quern::recipe {

/// What a Go template (text/template) makes of a configuration, as melange's `query`. All of the
/// language but `call` and complex numbers, which an error names. Nothing if the template is wrong
/// ("bad-template"), asks for what is not there ("template-failed") or needs too much: 16 MiB of
/// text, 1,000 levels, 5 million steps ("template-limit"); the place is in `text`, of which
/// `diagnostics` keeps a reference.
/// Source: Go documentation, package text/template; recipe-and-build 1.5 and 11.3.
std::optional<std::string> query(
    const Configuration& configuration,
    const std::shared_ptr<const SourceFile>& text,
    Diagnostics& diagnostics
);

namespace go {

/// Errors: "bad-template" for the first mistake, "template-limit" for over 500 levels.
std::optional<Template> parse_template(const SourceFile& text, Diagnostics& diagnostics);

}  // namespace go

}  // namespace quern::recipe
