// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::yaml {

/// `text` as a YAML scalar that every reader takes for the same string: plain where that is safe,
/// else quoted; for use on one line.
std::string scalar(std::string_view text);
/// `text` as a block scalar body (`|`, with the right chomping and indentation indicators),
/// indented by `indent` spaces; falls back to `scalar` where a block cannot hold it (control
/// characters). Starts right after "key: ".
std::string block_scalar(std::string_view text, std::size_t indent);

}  // namespace quern::yaml
