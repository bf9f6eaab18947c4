// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/source_file.hpp"

#include <cstddef>
#include <string_view>

namespace quern::yaml {

/// The bytes of a scalar in its file: from the first byte (quote, text or the `|` of a block) to
/// behind its last. `scalar` is the span that `Node::where` gives, which for a block covers its
/// header line only.
Span whole_scalar(Span scalar);

/// Where the bytes [offset, offset + length) of a scalar's value stand in the file. `value` may
/// have been substituted since it was read: then the same text is looked for on the same line of a
/// block, and in all of the scalar after that. What cannot be found gives the line, or `scalar`.
Span place_in_scalar(Span scalar, std::string_view value, std::size_t offset, std::size_t length);

/// The key of a value, looked for in front of it; `value` itself where it is not found.
Span key_before(std::string_view key, Span value);

}  // namespace quern::yaml
