// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quern::apk {

/// Reads values of an ADB payload that nobody has checked. Nothing outside of it is looked at: what
/// lies there, or is of another type than is asked for, reads as nothing and is remembered. The
/// payload must outlive it. Source: apk-format 7.
class AdbReader {
 public:
    using Value = std::uint32_t;

    static constexpr Value null = 0;

    explicit AdbReader(std::string_view payload) : payload_(payload) {}

    Value root() const;
    /// Field of an object, from 1; null where it has none.
    Value field(Value object, std::uint32_t number) const;
    /// Items of an array.
    std::size_t size(Value array) const;
    /// Item of an array, from 0.
    Value item(Value array, std::size_t index) const;
    /// Empty for null.
    std::string_view blob(Value value) const;
    /// 0 for null.
    std::uint64_t number(Value value) const;

    /// Whether anything that was asked for was not as it has to be.
    bool is_damaged() const { return is_damaged_; }

 private:
    /// Slots of an array or object with the one that counts them; 0 for null and what is none.
    std::size_t slots(Value list, std::uint32_t type) const;
    std::uint64_t at(std::size_t offset, std::size_t size) const;

    std::string_view payload_;
    mutable bool is_damaged_ = false;
};

}  // namespace quern::apk
