// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/lint/report.hpp"

#include "config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>

namespace quern::package {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

// As the peer prints sizes: powers of 1000, one decimal below ten.
std::string si_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> units = {"B", "kB", "MB", "GB", "TB"};
    constexpr double base = 1000;
    constexpr double ten = 10;
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= base && unit + 1 < units.size()) {
        value /= base;
        ++unit;
    }
    value = std::floor(value * ten + 0.5) / ten;
    return unit > 0 && value < ten ? fmt::format("{:.1f} {}", value, units[unit])
                                   : fmt::format("{:.0f} {}", value, units[unit]);
}

Json paths_of(const std::vector<LintPlace>& places) {
    Json paths = Json::array();
    for (const LintPlace& place : places) {
        paths.push_back(place.path);
    }
    return paths;
}

/// Places as objects of a path and a note that is called `note`.
Json noted_places(const std::vector<LintPlace>& places, const char* note) {
    Json list = Json::array();
    for (const LintPlace& place : places) {
        list.push_back({{"path", place.path}, {note, place.note}});
    }
    return list;
}

Json modes_of(const std::vector<LintPlace>& places) {
    Json list = Json::array();
    for (const LintPlace& place : places) {
        Json permissions = Json::array();
        for (const char* name : {"setuid", "setgid", "sticky", "world-writable"}) {
            if (place.note.find(name) != std::string::npos) {
                permissions.push_back(name);
            }
        }
        list.push_back(
            {{"path", place.path},
             {"mode", fmt::format("{:04o}", place.mode)},
             {"permissions", permissions}}
        );
    }
    return list;
}

Json duplicates_of(const std::vector<LintPlace>& places) {
    Json sets = Json::array();
    std::uint64_t total = 0;
    for (std::size_t first = 0; first < places.size();) {
        std::size_t end = first;
        Json paths = Json::array();
        for (; end < places.size() && places[end].group == places[first].group; ++end) {
            paths.push_back(places[end].path);
        }
        const std::uint64_t size = places[first].size;
        const std::uint64_t wasted = size * (end - first - 1);
        total += wasted;
        sets.push_back({
            {"basename", places[first].path.substr(places[first].path.rfind('/') + 1)},
            {"count", end - first},
            {"size_bytes", size},
            {"size", si_size(size)},
            {"wasted_bytes", wasted},
            {"wasted_size", si_size(wasted)},
            {"paths", paths},
        });
        first = end;
    }
    return {
        {"total_duplicate_sets", sets.size()},
        {"total_wasted_bytes", total},
        {"total_wasted_size", si_size(total)},
        {"duplicates", sets},
    };
}

Json details_of(const LintFinding& finding) {
    const auto& places = finding.places;
    if (finding.rule == "duplicate") {
        return duplicates_of(places);
    }
    if (finding.rule == "setuidgid" || finding.rule == "worldwrite") {
        return {{"files", modes_of(places)}};
    }
    if (finding.rule == "binaryarch") {
        return {{"binaries", noted_places(places, "arch")}};
    }
    if (finding.rule == "unsupportedarch") {
        return {{"files", noted_places(places, "arch")}};
    }
    if (finding.rule == "nonlinux") {
        return {{"references", noted_places(places, "platform")}};
    }
    if (finding.rule == "strip") {
        return {{"binaries", paths_of(places)}};
    }
    if (finding.rule == "python/multiple") {
        return places.empty() ? Json()
                              : Json{{"count", places.size()}, {"packages", paths_of(places)}};
    }
    return places.empty() ? Json() : Json{{"paths", paths_of(places)}};
}

const char* level_name(LintLevel level) {
    return level == LintLevel::require ? "error" : "warning";
}

Json finding_json(const LintFinding& finding) {
    const auto rule = find_lint_rule(finding.rule);
    Json json = {
        {"rule", finding.rule},
        {"level", level_name(finding.level)},
        {"message", finding.message},
        {"places", noted_places(finding.places, "note")},
    };
    if (rule) {
        json["why"] = rule->why;
        json["help"] = rule->mend;
    }
    return json;
}

Json sarif_rule(const LintRuleText& rule) {
    return {
        {"id", rule.id},
        {"shortDescription",
         {{"text",
           rule.finds.empty() ? std::string(rule.id) : "files " + std::string(rule.finds)}}},
        {"fullDescription", {{"text", rule.why}}},
        {"help", {{"text", rule.mend}}},
        {"defaultConfiguration",
         {{"enabled", rule.level != LintLevel::off}, {"level", level_name(rule.level)}}},
    };
}

Json sarif_location(const std::string& target, const std::string& path) {
    Json location = {{"physicalLocation", {{"artifactLocation", {{"uri", target}}}}}};
    if (!path.empty()) {
        location["logicalLocations"] =
            Json::array({{{"fullyQualifiedName", path}, {"kind", "member"}}});
    }
    return location;
}

void add_sarif_results(const LintedPackage& package, Json& results) {
    for (const LintFinding& finding : package.findings) {
        Json locations = Json::array();
        for (const LintPlace& place : finding.places) {
            locations.push_back(sarif_location(package.target, place.path));
        }
        if (locations.empty()) {
            locations.push_back(sarif_location(package.target, ""));
        }
        results.push_back({
            {"ruleId", finding.rule},
            {"level", level_name(finding.level)},
            {"message", {{"text", fmt::format("{}: {}", package.identity, to_string(finding))}}},
            {"locations", locations},
        });
    }
}

}  // namespace

std::string to_persisted_json(const LintedPackage& package) {
    Json json = {{"package_name", package.identity}, {"findings", Json::object()}};
    for (const LintFinding& finding : package.findings) {
        Json entry = {{"message", finding.message}};
        if (const auto rule = find_lint_rule(finding.rule)) {
            entry["explain"] = rule->mend;
        }
        const Json details = details_of(finding);
        if (!details.is_null()) {
            entry["details"] = details;
        }
        json["findings"][std::string(finding.rule)] = Json::array({entry});
    }
    return dump(json, 2);
}

std::string to_json(const std::vector<LintedPackage>& packages) {
    Json list = Json::array();
    for (const LintedPackage& package : packages) {
        Json findings = Json::array();
        for (const LintFinding& finding : package.findings) {
            findings.push_back(finding_json(finding));
        }
        list.push_back(
            {{"package", package.identity}, {"target", package.target}, {"findings", findings}}
        );
    }
    return dump(list, -1);
}

std::string to_sarif(const std::vector<LintedPackage>& packages) {
    Json rules = Json::array();
    for (const LintRuleText& rule : lint_rules()) {
        rules.push_back(sarif_rule(rule));
    }
    Json results = Json::array();
    for (const LintedPackage& package : packages) {
        add_sarif_results(package, results);
    }
    const Json driver = {{"name", "quern"}, {"version", QUERN_VERSION}, {"rules", rules}};
    return dump(
        {
            {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", Json::array({{{"tool", {{"driver", driver}}}, {"results", results}}})},
        },
        2
    );
}

}  // namespace quern::package
