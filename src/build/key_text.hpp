// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/digest.hpp"

#include <string>
#include <string_view>

namespace quern::build {

/// A SHA-256 over a list of parts, each with its length, so that no two lists read alike.
class KeyText {
 public:
    void add(std::string_view part) {
        hasher_.update(std::to_string(part.size()) + ":");
        hasher_.update(part);
    }
    std::string finish() { return hasher_.finish().hex(); }

 private:
    Hasher hasher_{DigestKind::sha256};
};

}  // namespace quern::build
