// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/gzip_functions.hpp"
#include "archive/gzip_reader.hpp"
#include "quern/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace quern::archive {

/// One call of ISA-L, which reads from `input` and fills the beginning of `output` (at most 4 GiB
/// each); `inflater.avail_out` tells how much of it is left. Gives how much of `input` was taken;
/// nothing: the blocks are not valid.
std::optional<std::size_t> inflate_some(
    inflate_state& inflater, std::span<const char> input, std::span<char> output
);

/// Whether `consumed` bytes may have become `produced`. Errors: limit, which begins with `what`.
Result<void> check_inflated(
    std::string_view what, const GzipLimits& limits, std::uint64_t consumed, std::uint64_t produced
);

}  // namespace quern::archive
