// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/plan.hpp"

namespace quern::pipeline {

/// What compiling lets pass: "missing-checksum" for sources that are fetched unchecked (an error
/// where the build would refuse to fetch), and the warning "unused-input" for inputs that a
/// definition of `library` declares and does not use. Built-in definitions are taken to be right.
/// `written` is the recipe before evaluation.
void advise(
    const recipe::Recipe& written,
    const Compiled& compiled,
    Library& library,
    Diagnostics& diagnostics
);

}  // namespace quern::pipeline
