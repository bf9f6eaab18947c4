// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/license.hpp"

#include "package/spdx_expression.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace quern::package {
namespace {

bool is_id_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
}

// Source: recipe-and-build 10.5.
std::string to_license_ref(std::string_view text) {
    std::string id;
    for (const char c : text) {
        if (is_id_char(c)) {
            id += c;
        } else if (c == ' ' || c == '_') {
            id += '-';
        }
    }
    constexpr std::size_t digest_bytes = 8;
    if (id.empty()) {
        id = to_hex(digest_of(DigestKind::sha256, text).bytes().first(digest_bytes));
    }
    return id.starts_with("LicenseRef-") ? id : "LicenseRef-" + id;
}

/// What one entry stands for in the document.
struct ReadEntry {
    std::string expression;
    std::vector<std::string> references;  ///< LicenseRef- whose text the document has to hold
    bool is_spdx = false;
};

ReadEntry read_entry(const std::string& license, bool is_alone) {
    const auto parsed = parse_spdx_expression(license).expression;
    if (!parsed) {
        const std::string id = to_license_ref(license);
        return {id, {id}, false};
    }
    ReadEntry entry{license, {}, true};
    // Unlike the peer: "A OR B" AND "C" would be read as A OR (B AND C).
    if (!is_alone && parsed->kind == SpdxExpression::Kind::any_of) {
        entry.expression = "(" + license + ")";
    }
    for (const SpdxLicense& each : licenses_of(*parsed)) {
        if (each.is_reference() && each.document.empty()) {
            entry.references.push_back(each.id);
        }
    }
    return entry;
}

ExtractedLicense* find_text(LicenseSummary& summary, const std::string& id) {
    const auto known = std::find_if(
        summary.extracted.begin(),
        summary.extracted.end(),
        [&](const ExtractedLicense& each) { return each.id == id; }
    );
    return known == summary.extracted.end() ? nullptr : &*known;
}

void set_text(LicenseSummary& summary, const std::string& id, const std::string& text) {
    if (ExtractedLicense* known = find_text(summary, id)) {
        known->text = text;
    } else {
        summary.extracted.push_back({id, text});
    }
}

void explain_reference(LicenseSummary& summary, const std::string& id, const std::string& license) {
    if (find_text(summary, id) != nullptr) {
        return;
    }
    summary.extracted.push_back({id, "Non-SPDX License: " + license});
    summary.warnings.push_back(fmt::format(
        "licence '{}' is not on the SPDX list and has no license-path with its text",
        printable(license)
    ));
}

}  // namespace

LicenseSummary summarize_licenses(const std::vector<LicenseEntry>& entries) {
    LicenseSummary summary;
    for (const LicenseEntry& entry : entries) {
        const ReadEntry read = read_entry(entry.license, entries.size() == 1);
        summary.expression += (summary.expression.empty() ? "" : " AND ") + read.expression;
        if (entry.has_path && read.references.empty()) {
            set_text(summary, entry.license, entry.text);
        }
        for (const std::string& id : read.references) {
            if (entry.has_path) {
                set_text(summary, id, entry.text);
            } else {
                explain_reference(summary, id, read.is_spdx ? id : entry.license);
            }
        }
    }
    if (summary.expression.empty()) {
        summary.expression = "NOASSERTION";
    }
    return summary;
}

}  // namespace quern::package
