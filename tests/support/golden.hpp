// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Checks that `actual` is the content of tests/golden/`name`.expected and shows the differing
/// lines if not. With QUERN_ACCEPT=1 in the environment the file is rewritten instead, and a
/// warning says that nothing was compared.
void golden(std::string_view name, std::string_view actual);

/// Lines of both texts, those that only one has marked by "-" (expected) or "+" (actual). Empty if
/// the texts are equal.
std::string line_diff(std::string_view expected, std::string_view actual);
