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
    Shape shape = Shape::text;
    bool is_replaced = false;
};

/// Source: recipe-and-build 2.8.
constexpr std::array update_keys = {
    UpdateKey{"enabled", Shape::boolean},
    UpdateKey{"manual", Shape::boolean},
    UpdateKey{"require-sequential", Shape::boolean},
    UpdateKey{"shared", Shape::boolean},
    UpdateKey{"enable-prerelease-tags", Shape::boolean},
    UpdateKey{"version-separator"},
    UpdateKey{"exclude-reason"},
    UpdateKey{"ignore-regex-patterns", Shape::list},
    UpdateKey{"release-monitor", Shape::object},
    UpdateKey{"release-monitor.identifier", Shape::integer},
    UpdateKey{"release-monitor.strip-prefix"},
    UpdateKey{"release-monitor.strip-suffix"},
    UpdateKey{"release-monitor.version-filter-contains", Shape::text, true},
    UpdateKey{"release-monitor.version-filter-prefix", Shape::text, true},
    UpdateKey{"github", Shape::object},
    UpdateKey{"github.identifier", Shape::text, true},
    UpdateKey{"github.strip-prefix"},
    UpdateKey{"github.strip-suffix"},
    UpdateKey{"github.tag-filter", Shape::text, true},
    UpdateKey{"github.tag-filter-prefix", Shape::text, true},
    UpdateKey{"github.tag-filter-contains", Shape::text, true},
    UpdateKey{"github.use-tag", Shape::boolean},
    UpdateKey{"git", Shape::object},
    UpdateKey{"git.strip-prefix"},
    UpdateKey{"git.strip-suffix"},
    UpdateKey{"git.tag-filter-prefix", Shape::text, true},
    UpdateKey{"git.tag-filter-contains", Shape::text, true},
    UpdateKey{"oci", Shape::object},
    UpdateKey{"oci.identifier"},
    UpdateKey{"oci.strip-prefix"},
    UpdateKey{"oci.strip-suffix"},
    UpdateKey{"oci.tag-filter-prefix"},
    UpdateKey{"oci.tag-filter-contains"},
    UpdateKey{"version_data", Shape::object},
    UpdateKey{"version_data.version_format"},
    UpdateKey{"version_data.sources", Shape::map},
    UpdateKey{"version_data.sources.name"},
    UpdateKey{"version_data.sources.stream"},
    UpdateKey{"version_data.sources.ignore", Shape::list},
    UpdateKey{"version_data.sources.commit_source"},
    UpdateKey{"version_data.sources.use_release", Shape::boolean},
    UpdateKey{"version-transform", Shape::map},
    UpdateKey{"version-transform.match"},
    UpdateKey{"version-transform.replace"},
    UpdateKey{"schedule", Shape::object},
    UpdateKey{"schedule.reason"},
    UpdateKey{"schedule.period"},
};

const UpdateKey* find_key(std::string_view path) {
    const auto found =
        std::find_if(update_keys.begin(), update_keys.end(), [path](const UpdateKey& key) {
            return key.path == path;
        });
    return found == update_keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> keys_below(std::string_view path) {
    std::vector<std::string_view> names;
    const std::size_t skip = path.empty() ? 0 : path.size() + 1;
    for (const UpdateKey& key : update_keys) {
        const bool below = path.empty() || (key.path.starts_with(path) && key.path.size() > skip &&
                                            key.path[skip - 1] == '.');
        if (below && key.path.find('.', skip) == std::string_view::npos) {
            names.push_back(key.path.substr(skip));
        }
    }
    return names;
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

bool read_value(const Node& node, UpdateValue& value, Reader& reader) {
    value = map_value(node, {}, reader);
    return true;
}

}  // namespace quern::recipe
