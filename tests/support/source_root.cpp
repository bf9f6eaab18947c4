// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/source_root.hpp"

std::filesystem::path source_root() {
    return QUERN_TEST_SOURCE_ROOT;
}
