// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/accounts.hpp"

#include <string>
#include <vector>

namespace quern::image {

/// What would keep a container of the image from starting, one sentence each: a program that is
/// not there, a user or a group without a number. An engine says so only when it is run.
/// `specification.accounts.run_as` is a number where its name was found.
std::vector<std::string> start_problems(
    const Specification& specification, const RootTree& tree, const AccountNames& names
);

}  // namespace quern::image
