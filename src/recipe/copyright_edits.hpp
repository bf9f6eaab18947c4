// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/source_file.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quern::recipe {

/// One entry that `package.copyright` shall have.
struct CopyrightEdit {
    std::optional<std::size_t> entry = {};  ///< a present one that stays, in the present order
    std::string license = {};
    std::string license_path = {};  ///< of a new entry; may be empty
};

/// The text of a recipe with `wanted` as its copyright: entries that stay keep all their bytes but
/// those of the licence that changes, others go, new ones come behind them. Nothing else of the
/// text moves. Errors: invalid_recipe (no YAML, no package), unsupported (written in a way that
/// cannot be changed entry by entry).
Result<std::string> edit_copyright(
    const std::shared_ptr<const SourceFile>& file, const std::vector<CopyrightEdit>& wanted
);

}  // namespace quern::recipe
