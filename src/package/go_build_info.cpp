// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/go_build_info.hpp"

#include "package/content.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <string_view>

namespace quern::package {
namespace {

constexpr std::string_view magic =
    "\xff"
    " Go buildinf:";
constexpr std::size_t header_size = 32;
constexpr std::size_t largest_text = std::size_t{256} << 10U;

/// A length of seven bits a byte, low ones first; moves `offset` behind it.
std::optional<std::uint64_t> read_length(Content& file, std::uint64_t& offset) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const std::string_view byte = file.read(offset, 1);
        if (byte.empty()) {
            return std::nullopt;
        }
        ++offset;
        const auto bits = static_cast<unsigned char>(byte[0]);
        value |= static_cast<std::uint64_t>(bits & 0x7fU) << shift;
        if (bits < 0x80U) {
            return value;
        }
    }
    return std::nullopt;
}

std::optional<std::string> read_text(Content& file, std::uint64_t& offset) {
    const auto length = read_length(file, offset);
    if (!length || *length > largest_text) {
        return std::nullopt;
    }
    std::string text;
    while (text.size() < *length) {
        const std::string_view piece =
            file.read(offset, static_cast<std::size_t>(*length - text.size()));
        if (piece.empty()) {
            return std::nullopt;
        }
        text += piece;
        offset += piece.size();
    }
    return text;
}

}  // namespace

std::optional<std::string> read_go_build_info(Content& file, std::uint64_t offset) {
    const std::string header(file.read(offset, header_size));
    constexpr std::size_t flags_at = 15;
    constexpr unsigned has_inline_texts = 2;
    if (header.size() < header_size || !header.starts_with(magic) ||
        (static_cast<unsigned char>(header[flags_at]) & has_inline_texts) == 0) {
        return std::nullopt;
    }
    offset += header_size;
    if (!read_text(file, offset)) {  // the version of Go
        return std::nullopt;
    }
    return read_text(file, offset);
}

std::optional<std::string> find_go_build_info(Content& file, std::uint64_t offset) {
    constexpr std::size_t alignment = 16;
    const std::string_view area = file.read(offset, Content::largest_read);
    for (std::size_t at = area.find(magic); at != std::string_view::npos;
         at = area.find(magic, at + 1)) {
        if (at % alignment == 0) {
            return read_go_build_info(file, offset + at);
        }
    }
    return std::nullopt;
}

bool uses_openssl_for_fips(const std::string& build_info) {
    bool has_cgo = false;
    bool has_experiment = false;
    constexpr std::string_view mark = "build\t";
    for (std::string_view line : split(build_info, '\n')) {
        if (!line.starts_with(mark)) {
            continue;
        }
        line.remove_prefix(mark.size());
        has_cgo = has_cgo || line == "CGO_ENABLED=1";
        has_experiment = has_experiment || line == "GOEXPERIMENT=boringcrypto" ||
                         line == "GOEXPERIMENT=systemcrypto" ||
                         line == "GOEXPERIMENT=opensslcrypto" || line == "microsoft_systemcrypto=1";
    }
    return has_cgo && has_experiment;
}

}  // namespace quern::package
