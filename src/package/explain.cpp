// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/explain.hpp"

#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace quern::package {
namespace {

Explanation explain_one(
    Relation relation,
    const std::string& text,
    const ScanResult& scan,
    const std::vector<recipe::Text>& declared
) {
    Explanation explanation;
    explanation.relation = relation;
    explanation.text = text;
    explanation.is_declared =
        std::any_of(declared.begin(), declared.end(), [&](const recipe::Text& entry) {
            return entry.value == text;
        });
    if (const Generated* generated = scan.find(relation, text)) {
        explanation.scanner = generated->scanner;
        explanation.files = generated->files;
        explanation.file_count = generated->file_count;
    }
    return explanation;
}

const char* name_of(Relation relation) {
    switch (relation) {
        case Relation::depends:
            return "depends";
        case Relation::provides:
            return "provides";
        case Relation::vendored:
            return "vendored";
    }
    return "";
}

std::string to_string(const Explanation& explanation) {
    std::string reason;
    if (!explanation.scanner.empty()) {
        constexpr std::size_t shown = 3;
        for (std::size_t i = 0; i < explanation.files.size() && i < shown; ++i) {
            reason += (i == 0 ? "" : ", ") + printable(explanation.files[i]);
        }
        reason += explanation.file_count > shown
                      ? fmt::format(" and {} more", explanation.file_count - shown)
                      : "";
        reason += fmt::format(" ({})", explanation.scanner);
    }
    if (explanation.is_declared) {
        reason += reason.empty() ? "the recipe" : ", and the recipe";
    }
    return fmt::format(
        "{}  <- {}",
        printable(explanation.text),
        reason.empty() ? "unknown: no file and no line of the recipe says so" : reason
    );
}

}  // namespace

std::vector<Explanation> explain(
    const apk::PackageInfo& info, const ScanResult& scan, const recipe::Dependencies& declared
) {
    std::vector<Explanation> explanations;
    for (const std::string& text : info.depends) {
        explanations.push_back(explain_one(Relation::depends, text, scan, declared.runtime));
    }
    for (const std::string& text : info.provides) {
        explanations.push_back(explain_one(Relation::provides, text, scan, declared.provides));
    }
    for (const std::string& text : scan.texts(Relation::vendored)) {
        explanations.push_back(explain_one(Relation::vendored, text, scan, {}));
    }
    return explanations;
}

std::string to_text(const apk::PackageInfo& info, const std::vector<Explanation>& explanations) {
    std::string text = fmt::format("{} {}\n", printable(info.name), printable(info.version));
    for (const Explanation& explanation : explanations) {
        text += fmt::format("  {:<9} {}\n", name_of(explanation.relation), to_string(explanation));
    }
    return text;
}

std::string to_json(const apk::PackageInfo& info, const std::vector<Explanation>& explanations) {
    nlohmann::ordered_json relations = nlohmann::ordered_json::array();
    for (const Explanation& explanation : explanations) {
        relations.push_back({
            {"relation", name_of(explanation.relation)},
            {"text", explanation.text},
            {"declared", explanation.is_declared},
            {"scanner", explanation.scanner},
            {"files", explanation.files},
            {"file_count", explanation.file_count},
        });
    }
    const nlohmann::ordered_json json = {
        {"package", info.name}, {"version", info.version}, {"relations", relations}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace quern::package
