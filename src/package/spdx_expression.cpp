// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The text is cut in words with their places, then read by recursive descent: alternatives of
// conjunctions of operands. A word that should be an identifier but is on no list is noted and
// passed over, so that one run tells all of them; a mistake of the grammar ends the run.

#include "package/spdx_expression.hpp"

#include "package/spdx_list.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace quern::package {
namespace {

constexpr std::string_view reference_prefix = "LicenseRef-";
constexpr std::string_view document_prefix = "DocumentRef-";

struct Word {
    std::string_view text;
    std::size_t offset = 0;
};

bool is_bracket(char c) {
    return c == '(' || c == ')';
}

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::vector<Word> words_of(std::string_view text) {
    std::vector<Word> words;
    for (std::size_t at = 0; at < text.size();) {
        if (is_space(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        while (!is_bracket(text[at]) && end < text.size() && !is_space(text[end]) &&
               !is_bracket(text[end])) {
            ++end;
        }
        words.push_back({text.substr(at, end - at), at});
        at = end;
    }
    return words;
}

bool is_id(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    });
}

bool is_operator(std::string_view word, std::string_view upper) {
    return word == upper || word == to_lower(upper);
}

bool is_any_operator(std::string_view word) {
    return is_operator(word, "AND") || is_operator(word, "OR") || is_operator(word, "WITH");
}

std::optional<SpdxLicense> read_reference(std::string_view word) {
    SpdxLicense license;
    if (word.starts_with(document_prefix)) {
        const std::size_t colon = word.find(':');
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        license.document = word.substr(document_prefix.size(), colon - document_prefix.size());
        word.remove_prefix(colon + 1);
        if (!is_id(license.document)) {
            return std::nullopt;
        }
    }
    if (!word.starts_with(reference_prefix) || !is_id(word.substr(reference_prefix.size()))) {
        return std::nullopt;
    }
    license.id = word;
    return license;
}

std::optional<SpdxLicense> read_license(std::string_view word) {
    if (auto reference = read_reference(word)) {
        return reference;
    }
    SpdxLicense license;
    if (const std::string_view whole = listed_license(word); !whole.empty()) {
        license.id = whole;  // "GPL-2.0+" is on the list
        return license;
    }
    if (word.ends_with('+')) {
        license.id = listed_license(word.substr(0, word.size() - 1));
        license.or_later = true;
    }
    return license.id.empty() ? std::nullopt : std::optional(license);
}

/// Names that people write, without case and punctuation, and the identifier that they mean.
struct Alias {
    std::string_view name, id;
};
constexpr std::array<Alias, 41> aliases = {{
    {"agpl3", "AGPL-3.0-only"},
    {"agplv3", "AGPL-3.0-only"},
    {"apache", "Apache-2.0"},
    {"apache2", "Apache-2.0"},
    {"apachelicense20", "Apache-2.0"},
    {"apachelicenseversion20", "Apache-2.0"},
    {"apachev2", "Apache-2.0"},
    {"artistic", "Artistic-1.0-Perl"},
    {"asl20", "Apache-2.0"},
    {"boost", "BSL-1.0"},
    {"bsd", "BSD-3-Clause"},
    {"bsd2", "BSD-2-Clause"},
    {"bsd2clause", "BSD-2-Clause"},
    {"bsd3", "BSD-3-Clause"},
    {"bsd3clause", "BSD-3-Clause"},
    {"cc0", "CC0-1.0"},
    {"expat", "MIT"},
    {"gpl", "GPL-2.0-or-later"},
    {"gpl2", "GPL-2.0-only"},
    {"gpl2+", "GPL-2.0-or-later"},
    {"gpl2only", "GPL-2.0-only"},
    {"gpl2orlater", "GPL-2.0-or-later"},
    {"gpl3", "GPL-3.0-only"},
    {"gpl3+", "GPL-3.0-or-later"},
    {"gpl3only", "GPL-3.0-only"},
    {"gpl3orlater", "GPL-3.0-or-later"},
    {"gplv2", "GPL-2.0-only"},
    {"gplv2+", "GPL-2.0-or-later"},
    {"gplv3", "GPL-3.0-only"},
    {"gplv3+", "GPL-3.0-or-later"},
    {"lgpl", "LGPL-2.1-or-later"},
    {"lgplv21", "LGPL-2.1-only"},
    {"lgplv21+", "LGPL-2.1-or-later"},
    {"lgplv3", "LGPL-3.0-only"},
    {"lgplv3+", "LGPL-3.0-or-later"},
    {"mitlicense", "MIT"},
    {"mitx11", "MIT"},
    {"mozillapubliclicense20", "MPL-2.0"},
    {"mpl2", "MPL-2.0"},
    {"psf", "PSF-2.0"},
    {"publicdomain", "LicenseRef-Public-Domain"},
}};

std::string_view meant_by_name(std::string_view text) {
    std::string name;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+') {
            name += c;
        }
    }
    name = to_lower(name);
    const auto* const found = std::find_if(aliases.begin(), aliases.end(), [&](const Alias& each) {
        return each.name == name;
    });
    return found == aliases.end() ? std::string_view() : found->id;
}

std::string suggest(std::string_view word, std::span<const std::string_view> list) {
    const std::string_view alias = meant_by_name(word);
    const std::string_view near = alias.empty() ? nearest(word, list) : alias;
    return near.empty() ? std::string() : fmt::format("did you mean '{}'?", near);
}

class ExpressionReader {
 public:
    explicit ExpressionReader(std::string_view text) : text_(text), words_(words_of(text)) {}

    SpdxParse read_whole() {
        std::optional<SpdxExpression> expression = read_alternatives(0);
        if (!has_failed_ && next_ != words_.size()) {
            fail("nothing joins this with what stands before", "put AND or OR between licences");
        }
        SpdxParse parse;
        parse.problems = std::move(problems_);
        parse.deprecated = std::move(deprecated_);
        if (parse.problems.empty()) {
            parse.expression = std::move(expression);
        }
        return parse;
    }

 private:
    static constexpr std::size_t most_problems = 20;
    using Kind = SpdxExpression::Kind;
    using Operands = std::optional<SpdxExpression> (ExpressionReader::*)(int depth);

    std::optional<SpdxExpression> read_alternatives(int depth) {
        return read_joined(Kind::any_of, &ExpressionReader::read_conjunction, depth);
    }
    std::optional<SpdxExpression> read_conjunction(int depth) {
        return read_joined(Kind::all_of, &ExpressionReader::read_operand, depth);
    }

    std::optional<SpdxExpression> read_joined(Kind kind, Operands read, int depth) {
        std::optional<SpdxExpression> first = (this->*read)(depth);
        if (has_failed_ || !is_next(kind == Kind::any_of ? "OR" : "AND")) {
            return first;
        }
        SpdxExpression joined;
        joined.kind = kind;
        add(joined, std::move(first));
        while (!has_failed_ && is_next(kind == Kind::any_of ? "OR" : "AND")) {
            ++next_;
            add(joined, (this->*read)(depth));
        }
        return joined;
    }

    // Brackets around the same operator change nothing.
    static void add(SpdxExpression& joined, std::optional<SpdxExpression> part) {
        if (!part) {
            return;
        }
        if (part->kind == joined.kind) {
            std::move(part->parts.begin(), part->parts.end(), std::back_inserter(joined.parts));
        } else {
            joined.parts.push_back(std::move(*part));
        }
    }

    std::optional<SpdxExpression> read_operand(int depth) {
        if (next_ == words_.size() || words_[next_].text == ")" ||
            is_any_operator(words_[next_].text)) {
            fail("a licence is missing here", "");
            return std::nullopt;
        }
        if (words_[next_].text != "(") {
            return read_license_with_exception();
        }
        if (depth == deepest_spdx_expression) {
            fail("brackets are nested too deep", "");
            return std::nullopt;
        }
        const std::size_t open = next_++;
        std::optional<SpdxExpression> inner = read_alternatives(depth + 1);
        if (!has_failed_ && !is_next(")")) {
            const bool is_at_end = next_ == words_.size();
            next_ = is_at_end ? open : next_;
            fail(
                is_at_end ? "this bracket is never closed"
                          : "nothing joins this with what stands before",
                is_at_end ? "" : "put AND or OR between licences"
            );
        }
        ++next_;
        return inner;
    }

    std::optional<SpdxExpression> read_license_with_exception() {
        const Word word = words_[next_++];
        std::optional<SpdxLicense> license = read_license(word.text);
        if (!license) {
            note_unknown_license(word);
        } else if (is_deprecated_license(license->id)) {
            note_deprecated(word, license->id);
        }
        if (is_next("WITH")) {
            ++next_;
            if (next_ == words_.size() || is_bracket(words_[next_].text.front())) {
                fail("an exception is missing here", "");
                return std::nullopt;
            }
            const Word name = words_[next_++];
            const std::string_view exception = listed_exception(name.text);
            if (exception.empty()) {
                note_unknown_exception(name);
            } else if (license) {
                license->exception = exception;
            }
        }
        SpdxExpression expression;
        if (license) {
            expression.license = std::move(*license);
        }
        return expression;
    }

    void note_unknown_license(const Word& word) {
        std::string help = suggest(word.text, listed_licenses());
        if (word.text.starts_with(reference_prefix) || word.text.starts_with(document_prefix)) {
            help = "a reference is LicenseRef-NAME, of letters, digits, '.' and '-'";
        } else if (!listed_exception(word.text).empty()) {
            help = "this is an exception: it stands behind WITH";
        } else if (help.empty() && word.text.find_first_of("/,;|&") != std::string_view::npos) {
            help = "join licences with AND or OR";
        }
        note(
            word,
            fmt::format("'{}' is not on the SPDX licence list", printable(word.text)),
            std::move(help)
        );
    }

    void note_deprecated(const Word& word, const std::string& id) {
        if (deprecated_.size() == most_problems) {
            return;
        }
        std::string help;
        for (const std::string& successor : successors_of(id)) {
            help += fmt::format("{} '{}'", help.empty() ? "write" : " or", successor);
        }
        deprecated_.push_back(
            {word.offset,
             word.text.size(),
             fmt::format("'{}' is deprecated by SPDX", id),
             std::move(help)}
        );
    }

    void note_unknown_exception(const Word& word) {
        note(
            word,
            fmt::format("'{}' is not on the SPDX list of exceptions", printable(word.text)),
            suggest(word.text, listed_exceptions())
        );
    }

    // Each unknown word is compared with the whole list, so there is an end to it.
    void note(const Word& word, std::string message, std::string help) {
        problems_.push_back({word.offset, word.text.size(), std::move(message), std::move(help)});
        has_failed_ = has_failed_ || problems_.size() == most_problems;
    }

    void fail(std::string message, std::string help) {
        const Word word =
            next_ < words_.size() ? words_[next_] : Word{std::string_view(), text_.size()};
        note(word, std::move(message), std::move(help));
        has_failed_ = true;
    }

    bool is_next(std::string_view upper) const {
        return next_ < words_.size() && is_operator(words_[next_].text, upper);
    }

    std::string_view text_;
    std::vector<Word> words_;
    std::size_t next_ = 0;
    std::vector<SpdxProblem> problems_;
    std::vector<SpdxProblem> deprecated_;
    bool has_failed_ = false;  ///< the grammar does not allow what comes next
};

void collect(const SpdxExpression& expression, std::vector<SpdxLicense>& licenses) {
    if (expression.kind == SpdxExpression::Kind::license) {
        licenses.push_back(expression.license);
    }
    for (const SpdxExpression& part : expression.parts) {
        collect(part, licenses);
    }
}

}  // namespace

SpdxParse parse_spdx_expression(std::string_view text) {
    if (text.size() > largest_spdx_expression) {
        SpdxParse refused;
        refused.problems.push_back({0, 0, "this is too long for a licence expression", ""});
        return refused;
    }
    SpdxParse parse = ExpressionReader(text).read_whole();
    // "Apache License 2.0": one name rather than an expression with five mistakes.
    if (const std::string_view meant = meant_by_name(text);
        !parse.problems.empty() && !meant.empty()) {
        parse.problems = {
            {0,
             text.size(),
             fmt::format("'{}' is not on the SPDX licence list", printable(text)),
             fmt::format("did you mean '{}'?", meant)}};
    }
    return parse;
}

std::string to_string(const SpdxLicense& license) {
    std::string text;
    if (!license.document.empty()) {
        text = fmt::format("{}{}:", document_prefix, license.document);
    }
    text += license.id;
    text += license.or_later ? "+" : "";
    return license.exception.empty() ? text : text + " WITH " + license.exception;
}

std::string to_string(const SpdxExpression& expression) {
    if (expression.kind == SpdxExpression::Kind::license) {
        return to_string(expression.license);
    }
    const bool is_conjunction = expression.kind == SpdxExpression::Kind::all_of;
    std::string text;
    for (const SpdxExpression& part : expression.parts) {
        text += text.empty() ? "" : is_conjunction ? " AND " : " OR ";
        const bool needs_brackets = is_conjunction && part.kind == SpdxExpression::Kind::any_of;
        text += needs_brackets ? "(" + to_string(part) + ")" : to_string(part);
    }
    return text;
}

std::vector<SpdxLicense> licenses_of(const SpdxExpression& expression) {
    std::vector<SpdxLicense> licenses;
    collect(expression, licenses);
    return licenses;
}

}  // namespace quern::package
