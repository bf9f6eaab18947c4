// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// Builds the payload of an ADB: values behind each other, each known by a 32-bit word with its
/// type in the upper four bits and the value itself or its offset in the rest. Equal values are
/// written once. Source: apk-format 7.
class AdbWriter {
 public:
    using Value = std::uint32_t;

    static constexpr Value null = 0;

    /// What the upper four bits of a value say.
    enum Type : std::uint32_t {
        direct_number = 1,
        number_32 = 2,
        number_64 = 3,
        blob_8 = 8,
        blob_16 = 9,
        blob_32 = 10,
        array_type = 13,
        object_type = 14,
    };

    AdbWriter();

    Value number(std::uint64_t value);
    /// Null for an empty text.
    Value blob(std::string_view bytes);
    /// `fields[0]` is field 1; null ones at the end are left out. Null if all are.
    Value object(std::vector<Value> fields);
    /// Null if it is empty.
    Value array(const std::vector<Value>& items);

    /// Where the bytes of a blob of at most 255 stand in the payload, to change them in place.
    static std::size_t offset_of_short_blob(Value blob);

    /// The payload with its header; nothing if it outgrew the 28 bits of an offset.
    std::string finish(Value root) const;
    bool is_too_large() const;

 private:
    Value put(std::uint32_t type, std::string_view bytes, std::size_t alignment);
    Value words(std::uint32_t type, const std::vector<Value>& values);

    std::string bytes_;
    std::map<std::string, Value, std::less<>> known_;  ///< by type and bytes
};

/// `value` in `size` bytes, the lowest first.
std::string little_endian(std::uint64_t value, std::size_t size);
/// The inverse, of at most eight bytes.
std::uint64_t number_of(std::string_view bytes);

}  // namespace quern::apk
