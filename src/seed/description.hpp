// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/source_file.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::seed {

/// A text with its place in the description.
struct Word {
    std::string text;
    Span where;
};
/// Values by key in the order written.
using WordMap = std::vector<std::pair<Word, Word>>;

/// What a generated package holds, or what is added to a converted one. In all texts `{triplet}`
/// and `{multiarch}` stand for the names of the architecture.
struct Contents {
    Word about;                  ///< description of a generated package
    std::vector<Word> depends;   ///< apk relations
    std::vector<Word> provides;  ///< a name without version gets that of the package
    std::vector<Word>
        without;           ///< Debian names: dependencies of the converted package that fall away
    WordMap directories;   ///< path → mode in octal
    WordMap links;         ///< path → target
    WordMap files;         ///< path → text, mode 0644
    WordMap programs;      ///< path → text, mode 0755
    WordMap concatenated;  ///< path → directory of the package; all files below it, in byte order
};

/// A set of packages that is asked for by name.
struct Group {
    Word name;
    Word about;
    std::vector<Word> needs;   ///< other groups
    std::vector<Word> debian;  ///< Debian packages; what they depend on comes by itself
    std::vector<std::pair<Word, Contents>> packages;  ///< generated
};

/// The paths of converted packages that are left out: patterns of parts, of which `*` is any one
/// part; a pattern covers all below it.
struct PathRules {
    std::vector<Word> drop;
    std::vector<Word> keep;  ///< of what `drop` covers

    bool is_dropped(std::string_view path) const;
};

/// A seed file. See README.md of this layer for its keys.
struct Description {
    Word release;              ///< code name of the Debian release, the first part of its suites
    Word version;              ///< of generated packages, without -rN
    Word layout;               ///< the generated package that all others depend on; may be empty
    std::vector<Word> absent;  ///< Debian packages that are not fetched unless a chosen group names
                               ///< them; relations to them fall away
    PathRules paths;
    std::vector<Group> groups;
    std::vector<std::pair<Word, Contents>>
        amend;  ///< additions to converted packages, by Debian name
    std::shared_ptr<const SourceFile> file;

    const Group* find_group(std::string_view name) const;
    const Contents* find_amendment(std::string_view debian_name) const;
    /// The groups named (all, if none) and those that they need, in the order of the description;
    /// nothing if one is not known.
    std::optional<std::vector<const Group*>> select(const std::vector<std::string>& names) const;
};

/// Reads and checks a description. Errors: unknown-key, wrong-type, missing-key, bad-name,
/// bad-path, bad-mode, bad-version, bad-relation, unknown-group, duplicate-name, and those of YAML.
/// Empty if one was added.
std::optional<Description> parse_description(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
);

}  // namespace quern::seed
