// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_writer.hpp"

#include "quern/error.hpp"

#include <utility>

namespace quern::apk {

namespace {

constexpr unsigned type_shift = 28;
constexpr std::uint32_t largest_direct = (std::uint32_t{1} << type_shift) - 1;
constexpr std::size_t header_size = 8;
constexpr std::size_t word = 4;

}  // namespace

std::string little_endian(std::uint64_t value, std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
        bytes.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
    }
    return bytes;
}

std::uint64_t number_of(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

AdbWriter::AdbWriter() : bytes_(header_size, '\0') {}

AdbWriter::Value AdbWriter::put(std::uint32_t type, std::string_view bytes, std::size_t alignment) {
    std::string key(1, static_cast<char>(type));
    key += bytes;
    if (const auto found = known_.find(key); found != known_.end()) {
        return found->second;
    }
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment, '\0');
    const Value value =
        type << type_shift | (static_cast<std::uint32_t>(bytes_.size()) & largest_direct);
    bytes_ += bytes;
    known_.emplace(std::move(key), value);
    return value;
}

AdbWriter::Value AdbWriter::number(std::uint64_t value) {
    if (value <= largest_direct) {
        return direct_number << type_shift | static_cast<std::uint32_t>(value);
    }
    return value <= UINT32_MAX ? put(number_32, little_endian(value, 4), 4)
                               : put(number_64, little_endian(value, 8), 8);
}

AdbWriter::Value AdbWriter::blob(std::string_view bytes) {
    if (bytes.empty()) {
        return null;
    }
    const auto with_length = [&bytes](std::size_t size) {
        return little_endian(bytes.size(), size) + std::string(bytes);
    };
    if (bytes.size() <= UINT8_MAX) {
        return put(blob_8, with_length(1), 1);
    }
    return bytes.size() <= UINT16_MAX ? put(blob_16, with_length(2), 2)
                                      : put(blob_32, with_length(4), 4);
}

/// The first word counts itself and those behind it.
AdbWriter::Value AdbWriter::words(std::uint32_t type, const std::vector<Value>& values) {
    if (values.empty()) {
        return null;
    }
    std::string bytes = little_endian(values.size() + 1, word);
    for (const Value value : values) {
        bytes += little_endian(value, word);
    }
    return put(type, bytes, word);
}

AdbWriter::Value AdbWriter::object(std::vector<Value> fields) {
    while (!fields.empty() && fields.back() == null) {
        fields.pop_back();
    }
    return words(object_type, fields);
}

AdbWriter::Value AdbWriter::array(const std::vector<Value>& items) {
    return words(array_type, items);
}

std::size_t AdbWriter::offset_of_short_blob(Value blob) {
    QUERN_ASSERT(blob >> type_shift == blob_8);
    return (blob & largest_direct) + 1;
}

bool AdbWriter::is_too_large() const {
    return bytes_.size() > largest_direct;
}

std::string AdbWriter::finish(Value root) const {
    QUERN_ASSERT(!is_too_large());
    std::string payload = bytes_;
    // Version of the format and the oldest that reads it are 0, two bytes are reserved.
    payload.replace(word, word, little_endian(root, word));
    return payload;
}

}  // namespace quern::apk
