// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// `update` is for other programs: it is kept as the tree that was written, checked against one list
// of paths.
#include "recipe/decode_values.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace quern::recipe {

namespace {

using yaml::Node;
using yaml::Reader;
using yaml::Shape;

struct UpdateKey {
    std::string_view path;  ///< members of a list have their list's path
    std::string_view description;
    Shape shape = Shape::text;
    bool is_replaced = false;
};

/// Source: recipe-and-build 2.8.
constexpr std::array update_keys = {
    UpdateKey{"enabled", "whether programs look for newer versions", Shape::boolean},
    UpdateKey{"manual", "a person updates the package", Shape::boolean},
    UpdateKey{"require-sequential", "no version may be left out", Shape::boolean},
    UpdateKey{"shared", "several packages have this update", Shape::boolean},
    UpdateKey{"enable-prerelease-tags", "versions before a release count", Shape::boolean},
    UpdateKey{"version-separator", "character between the parts of a version, for a dot"},
    UpdateKey{"exclude-reason", "why the package is not updated"},
    UpdateKey{"ignore-regex-patterns", "versions that are passed over", Shape::list},
    UpdateKey{"release-monitor", "release-monitoring.org", Shape::object},
    UpdateKey{"release-monitor.identifier", "number of the project", Shape::integer},
    UpdateKey{"release-monitor.strip-prefix", "taken from the front of a version"},
    UpdateKey{"release-monitor.strip-suffix", "taken from the end of a version"},
    UpdateKey{"release-monitor.version-filter-contains", "versions hold this", Shape::text, true},
    UpdateKey{
        "release-monitor.version-filter-prefix", "versions begin with this", Shape::text, true},
    UpdateKey{"github", "releases or tags at GitHub", Shape::object},
    UpdateKey{"github.identifier", "owner/name", Shape::text, true},
    UpdateKey{"github.strip-prefix", "taken from the front of a tag"},
    UpdateKey{"github.strip-suffix", "taken from the end of a tag"},
    UpdateKey{"github.tag-filter", "old name of tag-filter-prefix", Shape::text, true},
    UpdateKey{"github.tag-filter-prefix", "tags begin with this", Shape::text, true},
    UpdateKey{"github.tag-filter-contains", "tags hold this", Shape::text, true},
    UpdateKey{"github.use-tag", "tags count, not only releases", Shape::boolean},
    UpdateKey{"git", "tags of the repository of git-checkout", Shape::object},
    UpdateKey{"git.strip-prefix", "taken from the front of a tag"},
    UpdateKey{"git.strip-suffix", "taken from the end of a tag"},
    UpdateKey{"git.tag-filter-prefix", "tags begin with this", Shape::text, true},
    UpdateKey{"git.tag-filter-contains", "tags hold this", Shape::text, true},
    UpdateKey{"oci", "tags of an image", Shape::object},
    UpdateKey{"oci.identifier", "name of the image"},
    UpdateKey{"oci.strip-prefix", "taken from the front of a tag"},
    UpdateKey{"oci.strip-suffix", "taken from the end of a tag"},
    UpdateKey{"oci.tag-filter-prefix", "tags begin with this"},
    UpdateKey{"oci.tag-filter-contains", "tags hold this"},
    UpdateKey{"version_data", "versions from files", Shape::object},
    UpdateKey{"version_data.version_format", "form of the version"},
    UpdateKey{"version_data.sources", "where versions come from", Shape::map},
    UpdateKey{"version_data.sources.name", "name"},
    UpdateKey{"version_data.sources.stream", "stream"},
    UpdateKey{"version_data.sources.ignore", "versions that are passed over", Shape::list},
    UpdateKey{"version_data.sources.commit_source", "where commits come from"},
    UpdateKey{"version_data.sources.use_release", "releases count", Shape::boolean},
    UpdateKey{"version-transform", "changes to a version that was found", Shape::map},
    UpdateKey{"version-transform.match", "regular expression"},
    UpdateKey{"version-transform.replace", "text that stands for a match"},
    UpdateKey{"schedule", "how often versions are looked for", Shape::object},
    UpdateKey{"schedule.reason", "why"},
    UpdateKey{"schedule.period", "daily, weekly or monthly"},
};

const UpdateKey* find_key(std::string_view path) {
    const auto found =
        std::find_if(update_keys.begin(), update_keys.end(), [path](const UpdateKey& key) {
            return key.path == path;
        });
    return found == update_keys.end() ? nullptr : &*found;
}

bool is_directly_below(std::string_view key, std::string_view path) {
    const std::size_t skip = path.empty() ? 0 : path.size() + 1;
    const bool below =
        path.empty() || (key.starts_with(path) && key.size() > skip && key[skip - 1] == '.');
    return below && key.find('.', skip) == std::string_view::npos;
}

std::vector<std::string_view> keys_below(std::string_view path) {
    std::vector<std::string_view> names;
    for (const UpdateKey& key : update_keys) {
        if (is_directly_below(key.path, path)) {
            names.push_back(key.path.substr(path.empty() ? 0 : path.size() + 1));
        }
    }
    return names;
}

yaml::Keys described_below(const std::string& path);

yaml::Form form_of_key(const UpdateKey& key) {
    const std::string path(key.path);
    const auto below = [path] { return described_below(path); };
    switch (key.shape) {
        case Shape::object:
            return {Shape::object, nullptr, below};
        case Shape::map:
            return {Shape::list, [below] { return yaml::Form{Shape::object, nullptr, below}; }};
        case Shape::list:
            return {Shape::list, [] { return yaml::Form{Shape::text}; }};
        default:
            return {key.shape};
    }
}

yaml::Keys described_below(const std::string& path) {
    const std::size_t skip = path.empty() ? 0 : path.size() + 1;
    yaml::Keys keys{path.empty() ? "update" : find_key(path)->path, {}};
    for (const UpdateKey& key : update_keys) {
        if (is_directly_below(key.path, path)) {
            keys.keys.push_back({key.path.substr(skip), key.description, false, [&key] {
                                     return form_of_key(key);
                                 }});
        }
    }
    return keys;
}

UpdateValue scalar_value(const Node& node, Shape shape, Reader& reader) {
    UpdateValue value;
    value.scalar.where = node.where();
    if (shape == Shape::boolean) {
        bool truth = false;
        yaml::read_value(node, truth, reader);
        value.scalar.value = truth ? "true" : "false";
        value.is_string = false;
    } else if (shape == Shape::integer) {
        std::uint64_t number = 0;
        yaml::read_value(node, number, reader);
        value.scalar.value = std::to_string(number);
        value.is_string = false;
    } else {
        yaml::read_value(node, value.scalar.value, reader);
    }
    return value;
}

UpdateValue map_value(const Node& node, const std::string& path, Reader& reader);

/// A list: of texts (Shape::list) or of maps (Shape::map, in this file only).
UpdateValue list_value(const Node& node, const std::string& path, Shape shape, Reader& reader) {
    UpdateValue value;
    value.kind = UpdateValue::Kind::list;
    if (!node.is_list()) {
        yaml::report_wrong_type(node, "a list", reader);
        return value;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Node item = node.item(i);
        if (!item.is_null() && yaml::count_object(item, reader)) {
            value.list.push_back(
                shape == Shape::list ? scalar_value(item, Shape::text, reader)
                                     : map_value(item, path, reader)
            );
        }
    }
    return value;
}

UpdateValue map_value(const Node& node, const std::string& path, Reader& reader) {
    UpdateValue value;
    value.kind = UpdateValue::Kind::map;
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& entry) {
        const std::string below =
            path.empty() ? key.text() : fmt::format("{}.{}", path, key.text());
        const UpdateKey* known =
            key.text().find('.') == std::string::npos ? find_key(below) : nullptr;
        if (known == nullptr) {
            yaml::report_unknown_key(
                key,
                path.empty() ? "update" : fmt::format("update.{}", path),
                keys_below(path),
                reader
            );
        } else if (!entry.is_null()) {
            const bool is_list = known->shape == Shape::list || known->shape == Shape::map;
            value.map.emplace_back(
                key.text(),
                is_list                         ? list_value(entry, below, known->shape, reader)
                : known->shape == Shape::object ? map_value(entry, below, reader)
                                                : scalar_value(entry, known->shape, reader)
            );
        }
    });
    return value;
}

}  // namespace

bool is_replaced_in_update(std::string_view path) {
    const UpdateKey* key = find_key(path);
    return key != nullptr && key->is_replaced;
}

yaml::Form form_of(const UpdateValue* /*of*/) {
    return {Shape::object, nullptr, [] { return described_below({}); }};
}

bool read_value(const Node& node, UpdateValue& value, Reader& reader) {
    value = map_value(node, {}, reader);
    return true;
}

}  // namespace quern::recipe
