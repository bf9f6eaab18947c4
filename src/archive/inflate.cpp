// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/inflate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::archive {
namespace {

constexpr std::uint64_t ratio_grace = std::uint64_t{16} << 20U;

}  // namespace

std::optional<std::size_t> inflate_some(
    inflate_state& inflater, std::span<const char> input, std::span<char> output
) {
    // It reads only, though its field is not const.
    inflater.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
    inflater.avail_in = static_cast<std::uint32_t>(input.size());
    inflater.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    inflater.avail_out = static_cast<std::uint32_t>(output.size());
    if (isal_inflate(&inflater) != ISAL_DECOMP_OK) {
        return std::nullopt;
    }
    return input.size() - inflater.avail_in;
}

Result<void> check_inflated(
    std::string_view what, const GzipLimits& limits, std::uint64_t consumed, std::uint64_t produced
) {
    if (produced > limits.output_bytes) {
        return Error(
            ErrorCode::limit,
            fmt::format("{} data unpacks to more than {} bytes", what, limits.output_bytes)
        );
    }
    if (produced > ratio_grace && produced / std::max<std::uint64_t>(limits.ratio, 1) > consumed) {
        return Error(
            ErrorCode::limit,
            fmt::format("{} data unpacks to more than {} times its size", what, limits.ratio)
        );
    }
    return {};
}

}  // namespace quern::archive
