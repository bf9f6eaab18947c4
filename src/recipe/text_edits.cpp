// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/text_edits.hpp"

#include "quern/diagnostic.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::recipe {

namespace {

/// A text of digits only, or like `12e34`, is a number for some readers.
bool looks_like_number(std::string_view value) {
    return !value.empty() && value.find_first_not_of("0123456789eE_") == std::string_view::npos;
}

std::string in_style(std::string_view raw, std::string_view value, bool is_long) {
    const char quote = raw.empty() ? '\0' : raw.front();
    if (quote == '\'' || quote == '"') {
        return fmt::format("{}{}{}", quote, value, quote);
    }
    return is_long && looks_like_number(value) ? fmt::format("\"{}\"", value) : std::string(value);
}

/// Shorter ones are versions and numbers, which are written as their author wrote them.
constexpr std::size_t shortest_digest = 40;

}  // namespace

Error TextEdits::refuse(std::size_t at, std::string_view problem) const {
    const Position where = file_.position(at);
    return {
        ErrorCode::unsupported,
        fmt::format("{}:{}:{}: {}", file_.name(), where.line, where.column, problem)};
}

Result<void> TextEdits::change(std::size_t begin, std::size_t length, std::string text) {
    const auto [first, last] = changes_.equal_range(begin);
    for (auto found = first; found != last; ++found) {
        const Change& other = found->second;
        if (other.length == length && other.text == text) {
            return {};
        }
        if (other.length != 0 && length != 0) {
            return refuse(
                begin, fmt::format("one value is wanted to be {} and {}", other.text, text)
            );
        }
    }
    changes_.emplace(begin, Change{length, std::move(text)});
    return {};
}

Result<void> TextEdits::set(const yaml::Node& scalar, std::string_view value) {
    const Span place = yaml::whole_scalar(scalar.where());
    const std::string_view raw = file_.text().substr(place.begin, place.length);
    if (raw.starts_with('|') || raw.starts_with('>')) {
        return refuse(place.begin, "a block cannot be changed; write the value on one line");
    }
    return change(place.begin, place.length, in_style(raw, value, value.size() >= shortest_digest));
}

Result<void> TextEdits::add(
    const yaml::Node& map, std::string_view neighbour, std::string_view key, std::string_view value
) {
    const std::string_view text = file_.text();
    const std::string written = in_style({}, value, true);
    for (std::size_t i = 0; i < map.size(); ++i) {
        const yaml::Node::Entry entry = map.entry(i);
        const Span name = yaml::whole_scalar(entry.key.where());
        const std::size_t behind = name.begin + name.length;
        if (entry.key.text() == key) {
            const std::size_t colon = text.find(':', behind);
            return colon == std::string_view::npos ? refuse(behind, "there is no place for a value")
                                                   : change(colon + 1, 0, " " + written);
        }
        if (entry.key.text() != neighbour) {
            continue;
        }
        const Span before = yaml::whole_scalar(entry.value.where());
        const std::size_t end = before.begin + before.length;
        if (text[map.where().begin] == '{') {
            return change(end, 0, fmt::format(", {}: {}", key, written));
        }
        const std::size_t line = file_.line_start(file_.position(name.begin).line);
        const std::string_view indent = text.substr(line, name.begin - line);
        const std::size_t line_end = std::min(text.find_first_of("\r\n", end), text.size());
        if (indent.find_first_not_of(' ') != std::string_view::npos) {
            return refuse(
                name.begin, fmt::format("there is no place for a line; add {}: {}", key, written)
            );
        }
        const std::string_view break_ = text.substr(line_end).starts_with("\r\n") ? "\r\n" : "\n";
        return change(line_end, 0, fmt::format("{}{}{}: {}", break_, indent, key, written));
    }
    return refuse(map.where().begin, fmt::format("there is no '{}'", neighbour));
}

std::string TextEdits::apply() const {
    std::string out;
    std::size_t at = 0;
    for (const auto& [begin, change] : changes_) {
        out += file_.text().substr(at, begin - at);
        out += change.text;
        at = begin + change.length;
    }
    return out += file_.text().substr(at);
}

Result<yaml::Document> parse_for_edits(const std::shared_ptr<const SourceFile>& file) {
    Diagnostics diagnostics;
    auto document = yaml::Document::parse(file, diagnostics);
    if (!document) {
        return Error(ErrorCode::invalid_recipe, fmt::format("{} is no YAML", file->name()));
    }
    return std::move(*document);
}

std::size_t end_of(const yaml::Node& node) {
    if (node.is_scalar()) {
        const Span place = yaml::whole_scalar(node.where());
        return place.begin + place.length;
    }
    std::size_t end = node.where().begin;
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (node.is_map()) {
            end = std::max({end, end_of(node.entry(i).key), end_of(node.entry(i).value)});
        } else {
            end = std::max(end, end_of(node.item(i)));
        }
    }
    return end;
}

Error cannot_edit(const SourceFile& file, std::string_view why, std::string_view entry) {
    return Error(
               ErrorCode::unsupported, fmt::format("{}: {}, so it is not edited", file.name(), why)
    )
        .help(fmt::format("write it yourself: {}", entry));
}

}  // namespace quern::recipe
