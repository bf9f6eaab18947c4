// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::test {

inline std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
    REQUIRE(at + size <= bytes.size());
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

/// A reader of its own, from the description of the format alone.
class Adb {
 public:
    explicit Adb(std::string_view payload) : payload_(payload) {}

    std::uint32_t root() const { return word(4); }
    std::uint32_t field(std::uint32_t object, std::uint32_t number) const {
        const std::uint32_t at = object & 0xfffffffU;
        return number < word(at) ? word(at + 4 * number) : 0;
    }
    std::size_t size(std::uint32_t list) const {
        return list == 0 ? 0 : word(list & 0xfffffffU) - 1;
    }
    std::string text(std::uint32_t value) const {
        const std::uint32_t at = value & 0xfffffffU;
        const std::uint32_t type = value >> 28U;
        if (value == 0) {
            return {};
        }
        REQUIRE((type >= 8 && type <= 10));
        const std::size_t width = std::size_t{1} << (type - 8);
        const std::size_t length = number_at(payload_, at, width);
        REQUIRE(at + width + length <= payload_.size());
        return std::string(payload_.substr(at + width, length));
    }
    std::uint64_t number(std::uint32_t value) const {
        const std::uint32_t rest = value & 0xfffffffU;
        switch (value >> 28U) {
            case 1:
                return rest;
            case 2:
                return number_at(payload_, rest, 4);
            case 3:
                return number_at(payload_, rest, 8);
            default:
                return 0;
        }
    }
    std::string relation(std::uint32_t object) const {
        const std::uint64_t match = number(field(object, 3));
        return text(field(object, 1)) + "|" + text(field(object, 2)) + "|" + std::to_string(match);
    }

 private:
    std::uint32_t word(std::size_t at) const {
        return static_cast<std::uint32_t>(number_at(payload_, at, 4));
    }
    std::string_view payload_;
};

struct Container {
    std::string payload;
    std::string signature;          ///< content of its block, empty if there is none
    std::vector<std::string> data;  ///< contents of blocks of content
};

inline std::string inflate(std::string_view deflate) {
    z_stream stream = {};
    REQUIRE(::inflateInit2(&stream, -MAX_WBITS) == Z_OK);
    std::string input(deflate);
    std::string text(std::size_t{1} << 20U, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int status = ::inflate(&stream, Z_FINISH);
    text.resize(stream.total_out);
    ::inflateEnd(&stream);
    REQUIRE(status == Z_STREAM_END);
    return text;
}

inline Container open_adb(std::string_view bytes, std::string_view schema) {
    REQUIRE(bytes.starts_with("ADBd"));
    const std::string plain = inflate(bytes.substr(4));
    REQUIRE(plain.starts_with("ADB." + std::string(schema)));
    Container container;
    for (std::size_t at = 8; at < plain.size();) {
        const std::uint64_t head = number_at(plain, at, 4);
        const std::size_t size = head & 0x3fffffffU;
        REQUIRE(at + size <= plain.size());
        std::string content = plain.substr(at + 4, size - 4);
        switch (head >> 30U) {
            case 0:
                container.payload = std::move(content);
                break;
            case 1:
                container.signature = std::move(content);
                break;
            default:
                container.data.push_back(std::move(content));
        }
        at += (size + 7) / 8 * 8;
        REQUIRE(at <= plain.size());
    }
    return container;
}

}  // namespace quern::test
