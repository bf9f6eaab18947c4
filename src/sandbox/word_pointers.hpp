// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace quern::sandbox {

/// The words as execve(2) takes them, ended by a null pointer; made before a fork, where memory may
/// still be asked for. They point into `words`, which outlives them.
inline std::vector<char*> pointers_to(const std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (const std::string& word : words) {
        pointers.push_back(const_cast<char*>(word.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace quern::sandbox
