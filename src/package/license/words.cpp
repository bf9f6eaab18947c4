// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Line by line: what a comment, a list or a heading puts in front is taken off, lines that are a
// notice of copyright are left out, and the rest is cut in words. All punctuation goes, so what is
// around a text (`/* … */`, `#`, `**`) goes with it.

#include "package/license/words.hpp"

#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace quern::package {
namespace {

/// Spellings that the guidelines hold for equal; in byte order.
constexpr std::array<std::pair<std::string_view, std::string_view>, 43> spellings = {{
    {"acknowledgement", "acknowledgment"},
    {"analog", "analogue"},
    {"analyze", "analyse"},
    {"artifact", "artefact"},
    {"authorization", "authorisation"},
    {"authorized", "authorised"},
    {"caliber", "calibre"},
    {"canceled", "cancelled"},
    {"capitalizations", "capitalisations"},
    {"catalog", "catalogue"},
    {"categorize", "categorise"},
    {"center", "centre"},
    {"emphasized", "emphasised"},
    {"favor", "favour"},
    {"favorite", "favourite"},
    {"fulfill", "fulfil"},
    {"fulfillment", "fulfilment"},
    {"holder", "owner"},
    {"holders", "owners"},
    {"https", "http"},
    {"initialize", "initialise"},
    {"judgement", "judgment"},
    {"labeling", "labelling"},
    {"labor", "labour"},
    {"licence", "license"},
    {"licences", "licenses"},
    {"maximize", "maximise"},
    {"modeled", "modelled"},
    {"modeling", "modelling"},
    {"offense", "offence"},
    {"optimize", "optimise"},
    {"organization", "organisation"},
    {"organizations", "organisations"},
    {"organize", "organise"},
    {"practice", "practise"},
    {"program", "programme"},
    {"realize", "realise"},
    {"recognize", "recognise"},
    {"signaling", "signalling"},
    {"sublicence", "sublicense"},
    {"utilization", "utilisation"},
    {"while", "whilst"},
    {"willful", "wilful"},
}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_word_char(char c) {
    return is_digit(c) || is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

/// Bytes of the punctuation that begins a text and is no ASCII: dashes, quotes, bullets, no-break
/// space, the mark of an encoding. 0 if there is none.
std::size_t foreign_punctuation(std::string_view text) {
    if (text.starts_with("\xC2\xA0") || text.starts_with("\xC2\xB7") ||
        text.starts_with("\xC2\xAB") || text.starts_with("\xC2\xBB") ||
        text.starts_with("\xC2\xA9")) {
        return 2;
    }
    const bool is_general = text.starts_with("\xE2\x80") || text.starts_with("\xE2\x97");
    return (is_general && text.size() >= 3) || text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

bool is_apostrophe(std::string_view text) {
    return text.starts_with('\'') || text.starts_with("\xE2\x80\x99");
}

class LineReader {
 public:
    LineReader(std::string_view text, std::vector<LicenseWord>& words)
        : text_(text), words_(words) {}

    void read(std::size_t begin, std::size_t end) {
        begin_ = begin;
        at_ = begin;
        end_ = end;
        pass_over_marks();
        if (!is_notice()) {
            while (next_word()) {
                add_word();
            }
        }
    }

 private:
    std::string_view rest() const { return text_.substr(at_, end_ - at_); }

    void pass_over_punctuation() {
        while (at_ < end_) {
            const std::size_t foreign = foreign_punctuation(rest());
            if (foreign == 0 && is_word_char(text_[at_])) {
                return;
            }
            at_ = std::min(end_, at_ + std::max<std::size_t>(foreign, 1));
        }
    }

    // Comment words and the numbers of lists: "dnl", "REM", "1.", "12)", "(a)", "iv.".
    void pass_over_marks() {
        pass_over_punctuation();
        for (const std::string_view mark : {"dnl ", "rem ", "REM "}) {
            if (rest().starts_with(mark)) {
                at_ += mark.size();
                pass_over_punctuation();
            }
        }
        constexpr std::size_t longest_number = 4;
        const std::string_view line = rest();
        std::size_t length = 0;
        while (length < line.size() && length <= longest_number && is_word_char(line[length])) {
            ++length;
        }
        const bool is_closed = length < line.size() &&
                               (line[length] == '.' || line[length] == ')') &&
                               (length + 1 == line.size() || !is_letter(line[length + 1]));
        if (!is_closed || length > longest_number) {
            return;
        }
        const std::string number = to_lower(line.substr(0, length));
        if (length == 1 || number.find_first_not_of("0123456789") == std::string::npos ||
            number.find_first_not_of("ivx") == std::string::npos) {
            at_ += length;
        }
    }

    // "Copyright (c) 2020 A. Miller", but not "copyright notice and this permission notice".
    bool is_notice() const {
        const std::string line = to_lower(rest().substr(0, 80));
        constexpr std::string_view word = "copyright";
        if (line.starts_with("all rights reserved")) {
            return line.size() < 25;
        }
        std::string_view behind = line;
        if (behind.starts_with(word)) {
            behind.remove_prefix(word.size());
        } else if (behind.starts_with("c) ")) {
            behind.remove_prefix(2);
        } else {
            return text_.substr(begin_, at_ - begin_).find("\xC2\xA9") != std::string_view::npos;
        }
        const std::size_t first = behind.find_first_not_of(" \t");
        if (first == std::string_view::npos) {
            return false;
        }
        behind.remove_prefix(first);
        return is_digit(behind.front()) || behind.starts_with("(c)") || behind.starts_with("by ") ||
               behind.starts_with("\xC2\xA9") ||
               std::string_view("<[{:").find(behind.front()) != std::string_view::npos;
    }

    bool next_word() {
        pass_over_punctuation();
        word_.clear();
        start_ = at_;
        while (at_ < end_) {
            if (is_apostrophe(rest())) {
                at_ += text_[at_] == '\'' ? 1U : 3U;
            } else if (is_word_char(text_[at_]) && foreign_punctuation(rest()) == 0) {
                word_ += text_[at_++];
            } else {
                break;
            }
        }
        return !word_.empty();
    }

    // "sub-license" and "non-commercial" may be written as two words.
    void add_word() {
        std::string word = to_lower(word_);
        if (const bool joins = word.starts_with("licen") || word == "commercial";
            joins && !words_.empty()) {
            const std::string_view front = word == "commercial" ? "non" : "sub";
            if (words_.back().code == code_of(front)) {
                start_ = words_.back().offset;
                words_.pop_back();
                word = std::string(front) + word;
            }
        }
        const auto* const known = std::lower_bound(
            spellings.begin(),
            spellings.end(),
            word,
            [](const auto& each, const auto& wanted) { return each.first < wanted; }
        );
        const bool is_variant = known != spellings.end() && known->first == word;
        words_.push_back(
            {code_of(is_variant ? known->second : std::string_view(word)),
             static_cast<std::uint32_t>(start_)}
        );
    }

    // FNV-1a, folded. Source: the Fowler-Noll-Vo hash, 32 bits.
    static std::uint16_t code_of(std::string_view word) {
        std::uint32_t hash = 0x811c9dc5U;
        for (const char c : word) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
        }
        return static_cast<std::uint16_t>((hash >> 16U) ^ (hash & 0xffffU));
    }

    std::string_view text_;
    std::vector<LicenseWord>& words_;
    std::size_t begin_ = 0;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    std::size_t start_ = 0;
    std::string word_;
};

}  // namespace

std::vector<LicenseWord> license_words(std::string_view text) {
    text = text.substr(0, largest_license_text);
    std::vector<LicenseWord> words;
    LineReader reader(text, words);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
        reader.read(at, end);
        at = end + 1;
    }
    return words;
}

}  // namespace quern::package
