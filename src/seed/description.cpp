// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/description.hpp"

#include "quern/dependency.hpp"
#include "quern/version.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"
#include "yaml/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

// Keys are read by tables (yaml/fields.hpp), then one pass checks the values, so that all of a
// file's errors are reported at once.

namespace quern::seed {

namespace {

using yaml::Shape;
using NamedContents = std::pair<Word, Contents>;

bool read_value(const yaml::Node& node, Word& word, yaml::Reader& reader);
bool read_value(const yaml::Node& node, std::vector<Word>& words, yaml::Reader& reader);
bool read_value(const yaml::Node& node, WordMap& map, yaml::Reader& reader);
bool read_value(const yaml::Node& node, std::vector<NamedContents>& packages, yaml::Reader& reader);
bool read_value(const yaml::Node& node, std::vector<Group>& groups, yaml::Reader& reader);
bool read_value(const yaml::Node& node, PathRules& rules, yaml::Reader& reader);

/// The reader of one member, for the tables below.
template <auto Member>
struct Into;
template <typename T, typename V, V T::*Member>
struct Into<Member> {
    static void read(const yaml::Node& node, T& object, yaml::Reader& reader) {
        read_value(node, object.*Member, reader);
    }
};

bool read_value(const yaml::Node& node, Word& word, yaml::Reader& reader) {
    word.where = node.where();
    return yaml::read_value(node, word.text, reader);
}

bool read_value(const yaml::Node& node, std::vector<Word>& words, yaml::Reader& reader) {
    if (node.is_null()) {
        return true;
    }
    if (!node.is_list()) {
        yaml::report_wrong_type(node, "a list", reader);
        return false;
    }
    bool good = true;
    for (std::size_t i = 0; i < node.size(); ++i) {
        good = read_value(node.item(i), words.emplace_back(), reader) && good;
    }
    return good;
}

bool read_value(const yaml::Node& node, WordMap& map, yaml::Reader& reader) {
    return yaml::for_each_entry(node, reader, [&](const yaml::Node& key, const yaml::Node& value) {
        auto& entry = map.emplace_back(Word{key.text(), key.where()}, Word{});
        read_value(value, entry.second, reader);
    });
}

constexpr std::array contents_fields = {
    yaml::Field<Contents>{"about", &Into<&Contents::about>::read, Shape::text},
    yaml::Field<Contents>{"depends", &Into<&Contents::depends>::read, Shape::list},
    yaml::Field<Contents>{"provides", &Into<&Contents::provides>::read, Shape::list},
    yaml::Field<Contents>{"without", &Into<&Contents::without>::read, Shape::list},
    yaml::Field<Contents>{"directories", &Into<&Contents::directories>::read, Shape::map},
    yaml::Field<Contents>{"links", &Into<&Contents::links>::read, Shape::map},
    yaml::Field<Contents>{"files", &Into<&Contents::files>::read, Shape::map},
    yaml::Field<Contents>{"programs", &Into<&Contents::programs>::read, Shape::map},
    yaml::Field<Contents>{"concatenated", &Into<&Contents::concatenated>::read, Shape::map},
};
constexpr yaml::Table<Contents> contents_table{"a package", contents_fields};

bool read_value(
    const yaml::Node& node, std::vector<NamedContents>& packages, yaml::Reader& reader
) {
    return yaml::for_each_entry(node, reader, [&](const yaml::Node& key, const yaml::Node& value) {
        auto& entry = packages.emplace_back(Word{key.text(), key.where()}, Contents{});
        yaml::read_fields(value, entry.second, contents_table, reader);
    });
}

constexpr std::array group_fields = {
    yaml::Field<Group>{"about", &Into<&Group::about>::read, Shape::text},
    yaml::Field<Group>{"needs", &Into<&Group::needs>::read, Shape::list},
    yaml::Field<Group>{"debian", &Into<&Group::debian>::read, Shape::list},
    yaml::Field<Group>{"packages", &Into<&Group::packages>::read, Shape::map},
};
constexpr yaml::Table<Group> group_table{"a group", group_fields};

bool read_value(const yaml::Node& node, std::vector<Group>& groups, yaml::Reader& reader) {
    return yaml::for_each_entry(node, reader, [&](const yaml::Node& key, const yaml::Node& value) {
        Group& group = groups.emplace_back();
        group.name = {key.text(), key.where()};
        yaml::read_fields(value, group, group_table, reader);
    });
}

constexpr std::array path_fields = {
    yaml::Field<PathRules>{"drop", &Into<&PathRules::drop>::read, Shape::list},
    yaml::Field<PathRules>{"keep", &Into<&PathRules::keep>::read, Shape::list},
};
constexpr yaml::Table<PathRules> path_table{"paths", path_fields};

bool read_value(const yaml::Node& node, PathRules& rules, yaml::Reader& reader) {
    return yaml::read_fields(node, rules, path_table, reader);
}

constexpr std::array description_fields = {
    yaml::Field<Description>{"release", &Into<&Description::release>::read, Shape::text},
    yaml::Field<Description>{"version", &Into<&Description::version>::read, Shape::text},
    yaml::Field<Description>{"layout", &Into<&Description::layout>::read, Shape::text},
    yaml::Field<Description>{"absent", &Into<&Description::absent>::read, Shape::list},
    yaml::Field<Description>{"paths", &Into<&Description::paths>::read, Shape::object},
    yaml::Field<Description>{"groups", &Into<&Description::groups>::read, Shape::map},
    yaml::Field<Description>{"amend", &Into<&Description::amend>::read, Shape::map},
};
constexpr yaml::Table<Description> description_table{"a seed description", description_fields};

/// Checks values once all is read.
class Checker {
 public:
    explicit Checker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    void check(const Description& description) {
        check_head(description);
        for (const Word& name : description.absent) {
            check_name(name);
        }
        for (const auto* patterns : {&description.paths.drop, &description.paths.keep}) {
            for (const Word& pattern : *patterns) {
                check_path(pattern);
            }
        }
        for (const Group& group : description.groups) {
            check_group(description, group);
        }
        for (const auto& [name, contents] : description.amend) {
            check_name(name);
            check_contents(contents);
        }
        if (!description.layout.text.empty() && !names_.contains(description.layout.text)) {
            error(
                "unknown-package",
                fmt::format(
                    "no group generates the layout '{}'", printable(description.layout.text)
                ),
                description.layout
            );
        }
    }

 private:
    void error(std::string_view id, std::string message, const Word& word, std::string help = {}) {
        diagnostics_.error(id, std::move(message), word.where, std::move(help));
    }
    void check_head(const Description& description) {
        const Span start{description.file.get(), 0, 0};
        if (description.release.text.empty()) {
            diagnostics_.error(
                "missing-key", "the description has no 'release'", start, "add 'release: bookworm'"
            );
        } else {
            check_name(description.release);
        }
        if (!apk::is_recipe_version(description.version.text, false)) {
            const Span where =
                description.version.where.file == nullptr ? start : description.version.where;
            diagnostics_.error(
                "bad-version",
                fmt::format("'{}' is no version", printable(description.version.text)),
                where,
                "write a number as '12'"
            );
        }
    }
    void check_name(const Word& word) {
        if (!apk::is_package_name(word.text)) {
            error(
                "bad-name",
                fmt::format("'{}' is no name", printable(word.text)),
                word,
                "names are letters, digits and . _ + -"
            );
        }
    }
    void check_relation(const Word& word) {
        if (!apk::Dependency::parse(word.text)) {
            error(
                "bad-relation",
                fmt::format("'{}' is no relation to a package", printable(word.text)),
                word,
                "write a name, or name=version"
            );
        }
    }
    void check_path(const Word& word) {
        if (!is_confined_path(word.text)) {
            error(
                "bad-path",
                fmt::format("'{}' is no path within a package", printable(word.text)),
                word,
                "write it without a leading '/' and without '..'"
            );
        }
    }
    void check_group(const Description& description, const Group& group) {
        check_name(group.name);
        std::vector<std::string_view> known;
        for (const Group& other : description.groups) {
            known.push_back(other.name.text);
        }
        for (const Word& need : group.needs) {
            if (description.find_group(need.text) == nullptr) {
                const std::string_view near = nearest(need.text, known);
                const std::string help =
                    near.empty() ? std::string() : fmt::format("did you mean '{}'?", near);
                error(
                    "unknown-group",
                    fmt::format("no group is called '{}'", printable(need.text)),
                    need,
                    help
                );
            }
        }
        for (const Word& name : group.debian) {
            check_name(name);
        }
        for (const auto& [name, contents] : group.packages) {
            check_name(name);
            if (!names_.insert(name.text).second) {
                error(
                    "duplicate-name",
                    fmt::format("a package '{}' is generated twice", printable(name.text)),
                    name
                );
            }
            check_contents(contents);
        }
    }
    void check_contents(const Contents& contents) {
        for (const auto* relations : {&contents.depends, &contents.provides}) {
            for (const Word& relation : *relations) {
                check_relation(relation);
            }
        }
        for (const Word& name : contents.without) {
            check_name(name);
        }
        for (const auto* map :
             {&contents.directories,
              &contents.links,
              &contents.files,
              &contents.programs,
              &contents.concatenated}) {
            for (const auto& [path, value] : *map) {
                check_path(path);
            }
        }
        for (const auto& [path, mode] : contents.directories) {
            const bool is_octal = !mode.text.empty() && mode.text.size() <= 5 &&
                                  mode.text.find_first_not_of("01234567") == std::string::npos;
            if (!is_octal) {
                error(
                    "bad-mode",
                    fmt::format("'{}' is no mode", printable(mode.text)),
                    mode,
                    "write octal digits as \"0755\""
                );
            }
        }
        for (const auto& [path, target] : contents.links) {
            if (target.text.empty()) {
                error(
                    "bad-path",
                    fmt::format("the link '{}' has no target", printable(path.text)),
                    path
                );
            }
        }
        for (const auto& [path, directory] : contents.concatenated) {
            check_path(directory);
        }
    }

    Diagnostics& diagnostics_;
    std::set<std::string> names_;
};

bool covers(const std::vector<Word>& patterns, std::string_view path) {
    const std::vector<std::string_view> parts = split(path, '/');
    return std::any_of(patterns.begin(), patterns.end(), [&](const Word& pattern) {
        const std::vector<std::string_view> wanted = split(pattern.text, '/');
        return wanted.size() <= parts.size() &&
               std::equal(
                   wanted.begin(),
                   wanted.end(),
                   parts.begin(),
                   [](std::string_view a, std::string_view b) { return a == "*" || a == b; }
               );
    });
}

}  // namespace

bool PathRules::is_dropped(std::string_view path) const {
    return covers(drop, path) && !covers(keep, path);
}

const Group* Description::find_group(std::string_view name) const {
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
        return group.name.text == name;
    });
    return found == groups.end() ? nullptr : &*found;
}

const Contents* Description::find_amendment(std::string_view debian_name) const {
    const auto found = std::find_if(amend.begin(), amend.end(), [&](const NamedContents& entry) {
        return entry.first.text == debian_name;
    });
    return found == amend.end() ? nullptr : &found->second;
}

std::optional<std::vector<const Group*>> Description::select(const std::vector<std::string>& names
) const {
    std::set<const Group*> wanted;
    std::vector<const Group*> open;
    for (const std::string& name : names) {
        open.push_back(find_group(name));
    }
    while (!open.empty()) {
        const Group* group = open.back();
        open.pop_back();
        if (group == nullptr) {
            return std::nullopt;
        }
        if (wanted.insert(group).second) {
            for (const Word& need : group->needs) {
                open.push_back(find_group(need.text));
            }
        }
    }
    std::vector<const Group*> result;
    for (const Group& group : groups) {
        if (names.empty() || wanted.contains(&group)) {
            result.push_back(&group);
        }
    }
    return result;
}

std::optional<Description> parse_description(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
) {
    const std::size_t errors_before = diagnostics.error_count();
    diagnostics.keep(file);
    const std::optional<yaml::Document> document = yaml::Document::parse(file, diagnostics);
    if (!document) {
        return std::nullopt;
    }
    Description description;
    description.file = std::move(file);
    yaml::Reader reader{diagnostics};
    yaml::read_fields(document->root(), description, description_table, reader);
    if (diagnostics.error_count() == errors_before) {
        Checker(diagnostics).check(description);
    }
    if (diagnostics.error_count() != errors_before) {
        return std::nullopt;
    }
    return description;
}

}  // namespace quern::seed
