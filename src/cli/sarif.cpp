// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/sarif.hpp"

#include "config.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string_view>

namespace quern::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* schema = "https://json.schemastore.org/sarif-2.1.0.json";

// A path as a relative reference: what a URI does not take is escaped.
std::string to_uri(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain = "-._~/";
    std::string uri = path.starts_with('/') ? "file://" : "";
    for (const char c : path) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter || (c >= '0' && c <= '9') || plain.find(c) != std::string_view::npos) {
            uri += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            uri += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return uri;
}

Json location(const Span& where) {
    const Position begin = where.file->position(where.begin);
    const Position end = where.file->position(where.begin + where.length);
    return {
        {"physicalLocation",
         {{"artifactLocation", {{"uri", to_uri(where.file->name())}}},
          {"region",
           {{"startLine", begin.line},
            {"startColumn", begin.column},
            {"endLine", end.line},
            {"endColumn", end.column}}}}}};
}

Json result(const Diagnostic& diagnostic, std::size_t rule) {
    const std::string text =
        diagnostic.help.empty() ? diagnostic.message : diagnostic.message + "; " + diagnostic.help;
    Json json = {
        {"ruleId", diagnostic.id},
        {"ruleIndex", rule},
        {"level", diagnostic.severity == Severity::error ? "error" : "warning"},
        {"message", {{"text", text}}}};
    if (diagnostic.where.file != nullptr) {
        json["locations"] = Json::array({location(diagnostic.where)});
    }
    for (const Note& note : diagnostic.notes) {
        if (note.where.file != nullptr) {
            Json related = location(note.where);
            related["message"] = {{"text", note.message}};
            json["relatedLocations"].push_back(std::move(related));
        }
    }
    return json;
}

}  // namespace

std::string to_sarif(std::span<const Diagnostic> diagnostics) {
    std::map<std::string_view, std::size_t> rules;
    for (const Diagnostic& diagnostic : diagnostics) {
        rules.emplace(diagnostic.id, 0);
    }
    Json rule_list = Json::array();
    for (auto& [id, index] : rules) {
        index = rule_list.size();
        rule_list.push_back({{"id", id}});
    }
    Json results = Json::array();
    for (const Diagnostic& diagnostic : diagnostics) {
        results.push_back(result(diagnostic, rules[diagnostic.id]));
    }
    const Json driver = {{"name", "quern"}, {"version", QUERN_VERSION}, {"rules", rule_list}};
    const Json run = {
        {"tool", {{"driver", driver}}},
        {"columnKind", "unicodeCodePoints"},
        {"results", std::move(results)}};
    const Json log = {{"$schema", schema}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
    return log.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace quern::cli
