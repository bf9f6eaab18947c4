// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "seed/deb.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quern::seed {

struct Contents;

/// The Debian packages that are converted together: relations are mapped to members of it where
/// that is possible.
class Selection {
 public:
    /// Errors: invalid_data (a Provides field that does not parse).
    Result<void> add(const ControlFields& control);
    void set_absent(std::set<std::string> names) { absent_ = std::move(names); }

    /// apk names for Depends and Pre-Depends of `control`, sorted, without versions. Of
    /// alternatives the first that is a member is taken, else the first that a member provides (its
    /// first provider by name), else none if one of them is absent, else the first as it stands.
    /// Relations to the names in `without` fall away. Errors: invalid_data.
    Result<std::vector<std::string>> map_depends(
        const ControlFields& control, const Contents* amendment
    ) const;

 private:
    /// Empty if the relation falls away.
    std::string choose(const std::vector<std::string>& alternatives) const;

    std::set<std::string, std::less<>> members_;
    std::map<std::string, std::set<std::string>, std::less<>> providers_;
    std::set<std::string> absent_;
};

}  // namespace quern::seed
