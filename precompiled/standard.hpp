// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// What nearly every source file includes anyway, compiled once for each layer: a third of the time
// of a whole build. Each file still includes what it uses, so that it compiles with -Db_pch=false
// too.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
