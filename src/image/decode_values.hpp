// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/image.hpp"
#include "yaml/fields.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::image {

/// Adds "bad-image" at a node.
void refuse(
    const yaml::Node& node, std::string message, yaml::Reader& reader, std::string help = {}
);

/// `node.key` if it is there, else the node: where to point for something about that key.
yaml::Node part_of(const yaml::Node& node, std::string_view key);

/// Letters, digits, '_', '-' and '.', the last not in front.
bool is_file_name(std::string_view name);

/// Readers of the parts of a specification.
bool read_value(const yaml::Node& node, Contents& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Certificates& value, yaml::Reader& reader);

/// A list whose items are read by `read(item, value)`.
template <typename T, typename Read>
void read_list(const yaml::Node& node, std::vector<T>& list, yaml::Reader& reader, Read read) {
    if (node.is_null()) {
        return;
    }
    if (!node.is_list()) {
        yaml::report_wrong_type(node, "a list", reader);
        return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (const yaml::Node item = node.item(i); !item.is_null() && reader.objects_left != 0) {
            read(item, list.emplace_back());
        }
    }
}

/// A list of texts; `judge(item, text)` is called with each.
template <typename Judge>
void read_texts(
    const yaml::Node& node, std::vector<std::string>& list, yaml::Reader& reader, const Judge& judge
) {
    read_list(node, list, reader, [&](const yaml::Node& item, std::string& text) {
        if (yaml::read_value(item, text, reader)) {
            judge(item, text);
        }
    });
}

}  // namespace quern::image
