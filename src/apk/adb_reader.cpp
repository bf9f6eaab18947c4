// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_reader.hpp"

#include "apk/adb_writer.hpp"

namespace quern::apk {

namespace {

constexpr std::size_t word = 4;
constexpr unsigned type_shift = 28;
constexpr std::uint32_t rest_mask = (std::uint32_t{1} << type_shift) - 1;

}  // namespace

std::uint64_t AdbReader::at(std::size_t offset, std::size_t size) const {
    if (offset > payload_.size() || size > payload_.size() - offset) {
        is_damaged_ = true;
        return 0;
    }
    return number_of(payload_.substr(offset, size));
}

AdbReader::Value AdbReader::root() const {
    return static_cast<Value>(at(word, word));
}

std::size_t AdbReader::slots(Value list, std::uint32_t type) const {
    if (list == null) {
        return 0;
    }
    const std::size_t offset = list & rest_mask;
    const std::uint64_t count = list >> type_shift == type ? at(offset, word) : 0;
    // The first slot counts itself; `at` has looked whether it lies inside.
    if (count == 0 || count > (payload_.size() - offset) / word) {
        is_damaged_ = true;
        return 0;
    }
    return static_cast<std::size_t>(count);
}

AdbReader::Value AdbReader::field(Value object, std::uint32_t number) const {
    return number < slots(object, AdbWriter::object_type)
               ? static_cast<Value>(at((object & rest_mask) + number * word, word))
               : null;
}

std::size_t AdbReader::size(Value array) const {
    const std::size_t count = slots(array, AdbWriter::array_type);
    return count == 0 ? 0 : count - 1;
}

AdbReader::Value AdbReader::item(Value array, std::size_t index) const {
    return index < size(array)
               ? static_cast<Value>(at((array & rest_mask) + (index + 1) * word, word))
               : null;
}

std::string_view AdbReader::blob(Value value) const {
    if (value == null) {
        return {};
    }
    const std::uint32_t type = value >> type_shift;
    if (type < AdbWriter::blob_8 || type > AdbWriter::blob_32) {
        is_damaged_ = true;
        return {};
    }
    const std::size_t width = std::size_t{1} << (type - AdbWriter::blob_8);
    const std::size_t offset = value & rest_mask;
    const std::uint64_t length = at(offset, width);
    if (length == 0 || length > payload_.size() - offset - width) {
        is_damaged_ = is_damaged_ || length != 0;
        return {};
    }
    return payload_.substr(offset + width, static_cast<std::size_t>(length));
}

std::uint64_t AdbReader::number(Value value) const {
    const std::uint32_t rest = value & rest_mask;
    if (value == null) {
        return 0;
    }
    switch (value >> type_shift) {
        case AdbWriter::direct_number:
            return rest;
        case AdbWriter::number_32:
            return at(rest, word);
        case AdbWriter::number_64:
            return at(rest, 2 * word);
        default:
            is_damaged_ = true;
            return 0;
    }
}

}  // namespace quern::apk
