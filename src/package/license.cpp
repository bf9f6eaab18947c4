// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/license.hpp"

#include "package/spdx_list.hpp"
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

bool is_id(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_id_char);
}

bool is_license_ref(std::string_view text) {
    constexpr std::string_view prefix = "LicenseRef-";
    constexpr std::string_view document = "DocumentRef-";
    if (text.starts_with(document)) {
        const std::size_t colon = text.find(':');
        return colon != std::string_view::npos &&
               is_id(text.substr(document.size(), colon - document.size())) &&
               is_license_ref(text.substr(colon + 1));
    }
    return text.starts_with(prefix) && is_id(text.substr(prefix.size()));
}

bool is_simple_expression(std::string_view word) {
    if (is_license_ref(word)) {
        return true;
    }
    if (word.ends_with('+')) {
        word.remove_suffix(1);
    }
    return is_listed_license(word);
}

// Recursive descent over the grammar of SPDX 2.3 annex D; AND binds tighter than OR, which does not
// matter for "is it one".
class ExpressionReader {
 public:
    explicit ExpressionReader(std::string_view text) {
        std::string spaced;
        for (const char c : text) {
            spaced += (c == '(' || c == ')') ? std::string{' ', c, ' '} : std::string(1, c);
        }
        for (const std::string_view word : split_words(spaced)) {
            words_.emplace_back(word);
        }
    }

    bool read_whole() { return read_compound(0) && next_ == words_.size(); }

 private:
    static constexpr int max_depth = 100;

    bool read_compound(int depth) {
        if (depth > max_depth || !read_operand(depth)) {
            return false;
        }
        while (next_ < words_.size() && (is_word("AND") || is_word("OR"))) {
            ++next_;
            if (!read_operand(depth)) {
                return false;
            }
        }
        return true;
    }

    bool read_operand(int depth) {
        if (next_ == words_.size()) {
            return false;
        }
        if (words_[next_] == "(") {
            ++next_;
            if (!read_compound(depth + 1) || next_ == words_.size() || words_[next_] != ")") {
                return false;
            }
            ++next_;
            return true;
        }
        if (!is_simple_expression(words_[next_++])) {
            return false;
        }
        if (next_ < words_.size() && is_word("WITH")) {
            ++next_;
            return next_ < words_.size() && is_listed_exception(words_[next_++]);
        }
        return true;
    }

    bool is_word(std::string_view upper) const {
        return words_[next_] == upper || words_[next_] == to_lower(upper);
    }

    std::vector<std::string> words_;
    std::size_t next_ = 0;
};

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

}  // namespace

bool is_spdx_expression(std::string_view text) {
    return ExpressionReader(text).read_whole();
}

LicenseSummary summarize_licenses(const std::vector<LicenseEntry>& entries) {
    LicenseSummary summary;
    for (const LicenseEntry& entry : entries) {
        const bool is_spdx = is_spdx_expression(entry.license);
        const std::string id = is_spdx ? entry.license : to_license_ref(entry.license);
        summary.expression += summary.expression.empty() ? id : " AND " + id;
        if (entry.has_path) {
            summary.extracted.push_back({id, entry.text});
        } else if (!is_spdx || is_license_ref(entry.license)) {
            summary.extracted.push_back({id, "Non-SPDX License: " + entry.license});
            summary.warnings.push_back(fmt::format(
                "licence '{}' is not on the SPDX list and has no license-path with its text",
                printable(entry.license)
            ));
        }
    }
    if (summary.expression.empty()) {
        summary.expression = "NOASSERTION";
    }
    return summary;
}

}  // namespace quern::package
