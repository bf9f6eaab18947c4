// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"

#include <string>

namespace quern::repository {

struct PageOptions {
    std::string repository_url;  ///< what clients write in /etc/apk/repositories
    std::string architecture;    ///< folder of the packages below it
    std::string key_name;        ///< file of the public key; empty: the index is not signed
};

/// A web page that tells people what an index holds and how to use it: one HTML document, no
/// script, nothing loaded from anywhere (its own policy forbids it), every value escaped. Packages
/// by name, the newest version first. Deterministic.
std::string make_page(const apk::Index& index, const PageOptions& options);

}  // namespace quern::repository
