// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/name_table.hpp"

#include <functional>

namespace quern::apk {

std::uint32_t hash_of_name(std::string_view text) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
}

NameTable::NameTable(std::size_t expected) {
    std::size_t slots = 64;
    while (slots < expected * 2) {
        slots *= 2;
    }
    slots_.resize(slots);
    names_.reserve(expected);
}

std::size_t NameTable::place_of(std::string_view text, std::uint32_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = hash & mask;
    while (slots_[place].id != no_id &&
           (slots_[place].hash != hash || names_[slots_[place].id].text != text)) {
        place = (place + 1) & mask;
    }
    return place;
}

void NameTable::grow() {
    const std::size_t size = 2 * slots_.size();
    slots_.assign(size, {});
    for (NameId id = 0; id < names_.size(); ++id) {
        std::size_t place = names_[id].hash & (size - 1);
        while (slots_[place].id != no_id) {
            place = (place + 1) & (size - 1);
        }
        slots_[place] = {names_[id].hash, id};
    }
}

NameId NameTable::intern(std::string_view text, std::uint32_t hash) {
    if (names_.size() * 2 >= slots_.size()) {
        grow();
    }
    Slot& slot = slots_[place_of(text, hash)];
    if (slot.id == no_id) {
        slot = {hash, static_cast<NameId>(names_.size())};
        names_.push_back({text, hash});
    }
    return slot.id;
}

NameId NameTable::find(std::string_view text) const {
    return slots_[place_of(text, hash_of_name(text))].id;
}

}  // namespace quern::apk
