// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

/// The checkout that the tests were built from. Only its definition is compiled with the place, so
/// that compiler caches serve every checkout.
std::filesystem::path source_root();
