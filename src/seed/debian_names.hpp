// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::seed {

/// A Debian version as an apk version `digits(.digits)*[letter][_pre[digits]][_p digits]-r digits`,
/// valid for every client. The same text always gives the same version and order is kept as far as
/// the grammar allows:
///
/// - the epoch is dropped: recipes compare with upstream's numbers, and a seed holds one version of
/// a package;
/// - upstream `~rc1 ~beta2 ~pre3 ~alpha4` become `_rc1 _beta2 _pre3 _alpha4`, any other `~` becomes
/// `_alpha` and its number; one letter at the end stays;
///   `+dfsg`, `+ds`, `+repack` and the like are dropped; other numbers become further components
///   (`9.2p1` is 9.2.1, `2.4+20220101` is 2.4.20220101);
/// - the maintainer's revision becomes `_p` and its number (`-4` is `_p4`); what is behind it is
/// the number after `-r`: NMU number x 1,000,000 + 100 x (release
///   x 100 + update) + rebuild, so that `-4+deb12u1+b2` is `_p4-r120102` and `-1.1` is
///   `_p1-r1000000`; a `~` lies just below the next lower one.
std::string map_version(std::string_view debian_version);

/// One alternative of a relation: `name[:arch] [(op version)] [arch list]`. The version is kept as
/// Debian wrote it.
struct Relation {
    std::string name;
    std::string comparison;  ///< "", "=", ">=", "<=", ">>", "<<"
    std::string version;
};
/// Of these one is wanted.
using Alternatives = std::vector<Relation>;

/// `a | b (>= 1), c:any` as a list of alternatives. Errors: invalid_data (names the part).
/// Source: Debian Policy 7.1.
Result<std::vector<Alternatives>> parse_relations(std::string_view text);

/// What one machine is called. Unknown ones give empty texts.
struct ArchitectureNames {
    std::string debian;     ///< "amd64"
    std::string multiarch;  ///< directory below usr/lib: "x86_64-linux-gnu"
    std::string triplet;    ///< of recipes (host.triplet.gnu): "x86_64-pc-linux-gnu"
};
/// By apk's name ("x86_64"). Source: dpkg-architecture(1); recipe-and-build 3.2.
ArchitectureNames architecture_names(std::string_view apk_name);
/// apk's name of a Debian architecture; "all" is "noarch", unknown ones are unchanged.
std::string to_apk_name_of_debian(std::string_view debian_architecture);

}  // namespace quern::seed
