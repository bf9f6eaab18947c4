// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::log {

enum class Level { off, debug, trace };

/// Sets what is printed on stderr for developers. `filter` as in QUERN_LOG:
/// "trace:sandbox,debug:fetch" names layers; a level alone is for all. Called once, from `main`.
void configure(Level level, std::string_view filter);
bool is_enabled(Level level, std::string_view layer);
void write(Level level, std::string_view layer, const std::string& message);

}  // namespace quern::log
