// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/pem.hpp"

#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace quern::image {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";

/// Whether `der` is one SEQUENCE of exactly its length. Source: X.690 8.1.3, 8.9.
bool is_sequence(std::string_view der) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(der[i]); };
    if (der.size() < 2 || byte(0) != 0x30U) {
        return false;
    }
    std::size_t length = byte(1);
    std::size_t head = 2;
    if (length >= 0x80U) {
        const std::size_t count = length & 0x7fU;
        if (count == 0 || count > 4 || der.size() < 2 + count) {
            return false;
        }
        length = 0;
        for (std::size_t i = 0; i < count; ++i) {
            length = length << 8U | byte(2 + i);
        }
        head += count;
    }
    return der.size() - head == length;
}

/// The label in a line "-----BEGIN label-----".
std::optional<std::string_view> label_of(std::string_view line, std::string_view mark) {
    line = trim(line);
    if (!line.starts_with(mark) || !line.ends_with(dashes) ||
        line.size() < mark.size() + dashes.size()) {
        return std::nullopt;
    }
    return line.substr(mark.size(), line.size() - mark.size() - dashes.size());
}

}  // namespace

std::optional<std::vector<PemBlock>> parse_pem(std::string_view text) {
    std::vector<PemBlock> blocks;
    std::optional<std::string_view> open;
    std::string body;
    for (const std::string_view line : split(text, '\n')) {
        if (!open) {
            open = label_of(line, begin_mark);
            body.clear();
        } else if (const auto closed = label_of(line, end_mark)) {
            auto der = from_base64(body);
            if (closed != open || !der || !is_sequence(*der)) {
                return std::nullopt;
            }
            blocks.push_back({std::string(*open), std::move(*der)});
            open.reset();
        } else {
            body += trim(line);
        }
    }
    return open ? std::nullopt : std::optional(std::move(blocks));
}

std::string to_pem(const PemBlock& block) {
    constexpr std::size_t width = 64;  // RFC 7468 2
    const std::string body = to_base64(
        std::span(reinterpret_cast<const std::uint8_t*>(block.der.data()), block.der.size())
    );
    std::string text = fmt::format("{}{}{}\n", begin_mark, block.label, dashes);
    for (std::size_t at = 0; at < body.size(); at += width) {
        text += body.substr(at, width) + "\n";
    }
    return text + fmt::format("{}{}{}\n", end_mark, block.label, dashes);
}

std::optional<PemBlock> parse_certificate(std::string_view text) {
    auto blocks = parse_pem(text);
    if (!blocks || blocks->size() != 1 || blocks->front().label != "CERTIFICATE") {
        return std::nullopt;
    }
    return std::move(blocks->front());
}

}  // namespace quern::image
