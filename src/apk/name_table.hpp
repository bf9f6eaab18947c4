// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quern::apk {

using NameId = std::uint32_t;
constexpr std::uint32_t no_id = 0xffffffffU;

/// Where a name stands among others. The same for all that is built with one standard library.
std::uint32_t hash_of_name(std::string_view text);

/// Texts to small numbers, in the order in which they came. Open addressing: 25,000 names of a
/// distribution in about a millisecond.
class NameTable {
 public:
    explicit NameTable(std::size_t expected);
    /// `text` must live as long as the table.
    NameId intern(std::string_view text) { return intern(text, hash_of_name(text)); }
    /// The same with what `hash_of_name` says of the text.
    NameId intern(std::string_view text, std::uint32_t hash);
    NameId find(std::string_view text) const;
    std::string_view text(NameId id) const { return names_[id].text; }
    std::uint32_t hash(NameId id) const { return names_[id].hash; }
    std::size_t size() const { return names_.size(); }

 private:
    struct Name {
        std::string_view text;
        std::uint32_t hash;
    };
    struct Slot {
        std::uint32_t hash = 0;
        NameId id = no_id;
    };
    std::size_t place_of(std::string_view text, std::uint32_t hash) const;
    void grow();
    std::vector<Slot> slots_;
    std::vector<Name> names_;
};

}  // namespace quern::apk
