// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_entry.hpp"

#include <algorithm>

namespace quern::archive {

const std::string* TarEntry::record(const std::string& key) const {
    const auto found = std::find_if(records.begin(), records.end(), [&key](const auto& record) {
        return record.first == key;
    });
    return found == records.end() ? nullptr : &found->second;
}

}  // namespace quern::archive
