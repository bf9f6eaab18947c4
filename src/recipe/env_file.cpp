// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/env_file.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe {

namespace {

constexpr std::size_t max_value_size = 1024 * 1024;
constexpr std::size_t max_total_size = 16 * 1024 * 1024;

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class EnvParser {
 public:
    EnvParser(const SourceFile& file, Diagnostics& diagnostics)
        : file_(file), text_(file.text()), diagnostics_(diagnostics) {}

    std::optional<TextMap> run() {
        if (!is_valid_utf8(text_)) {
            diagnostics_.error("bad-env-file", "the environment file is not UTF-8", {&file_, 0, 0});
            return std::nullopt;
        }
        while (at_ < text_.size()) {
            skip_blank(" \t\r\n");
            if (at_ == text_.size()) {
                break;
            }
            const std::size_t line = at_;
            if (text_[at_] != '#' && !assignment()) {
                report(line);
            }
            at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
        }
        return good_ ? std::optional(std::move(values_)) : std::nullopt;
    }

 private:
    void skip_blank(std::string_view blank) {
        at_ = std::min(text_.find_first_not_of(blank, at_), text_.size());
    }

    void report(std::size_t line) {
        good_ = false;
        const std::size_t end = std::min(text_.find_first_of("\r\n", line), text_.size());
        diagnostics_.error(
            "bad-env-file",
            fmt::format(
                "this line of an environment file is no assignment: '{}'",
                printable(text_.substr(line, std::min<std::size_t>(end - line, 60)))
            ),
            {&file_, line, end - line},
            "write KEY=value"
        );
        at_ = end;
    }

    std::string_view word() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && (is_word_byte(text_[at_]) || text_[at_] == '.')) {
            ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }

    bool assignment() {
        if (text_.substr(at_).starts_with("export ") || text_.substr(at_).starts_with("export\t")) {
            at_ += std::string_view("export ").size();
            skip_blank(" \t");
        }
        const std::string key(word());
        skip_blank(" \t");
        if (key.empty() || at_ == text_.size() || (text_[at_] != '=' && text_[at_] != ':')) {
            return false;
        }
        ++at_;
        skip_blank(" \t");
        const std::size_t begin = at_;
        auto value = read_value();
        if (!value || value->size() > max_value_size ||
            (total_ += value->size()) > max_total_size) {
            return false;
        }
        values_[key] = Text{std::move(*value), {&file_, begin, at_ - begin}};
        return true;
    }

    std::optional<std::string> read_value() {
        if (at_ < text_.size() && text_[at_] == '\'') {
            const std::size_t end = text_.find('\'', at_ + 1);
            if (end == std::string_view::npos) {
                return std::nullopt;
            }
            std::string value(text_.substr(at_ + 1, end - at_ - 1));
            at_ = end + 1;
            return value;
        }
        if (at_ < text_.size() && text_[at_] == '"') {
            return double_quoted();
        }
        const std::size_t end = std::min(text_.find_first_of("\r\n", at_), text_.size());
        std::string_view raw = text_.substr(at_, end - at_);
        at_ = end;
        if (raw.starts_with('#')) {
            raw = {};
        }
        const std::size_t comment = std::min({raw.find(" #"), raw.find("\t#"), raw.size()});
        return expanded(trim(raw.substr(0, comment)), false);
    }

    std::optional<std::string> double_quoted() {
        const std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            at_ += text_[at_] == '\\' ? std::size_t{2} : std::size_t{1};
        }
        if (at_ >= text_.size()) {
            at_ = begin;
            return std::nullopt;
        }
        return expanded(text_.substr(begin, at_++ - begin), true);
    }

    std::string expanded(std::string_view raw, bool has_escapes) const {
        std::string out;
        for (std::size_t i = 0; i < raw.size() && out.size() <= max_value_size;) {
            if (raw[i] == '\\' && i + 1 < raw.size() && (has_escapes || raw[i + 1] == '$')) {
                const char c = raw[i + 1];
                out += c == 'n' ? '\n' : c == 'r' ? '\r' : c;
                i += 2;
            } else if (const std::size_t size = raw[i] == '$' ? variable_size(raw.substr(i)) : 0;
                       size != 0) {
                const std::string_view reference = raw.substr(i, size);
                const bool braces = reference[1] == '{';
                const auto found =
                    values_.find(reference.substr(braces ? 2 : 1, size - (braces ? 3 : 1)));
                out += found == values_.end() ? std::string() : found->second.value;
                i += size;
            } else {
                out += raw[i++];
            }
        }
        return out;
    }

    /// Bytes of `$A` or `${A}` at the front; 0 for a `$` that is only text.
    static std::size_t variable_size(std::string_view text) {
        const bool braces = text.substr(1).starts_with('{');
        const std::size_t begin = braces ? 2 : 1;
        std::size_t end = begin;
        while (end < text.size() && is_word_byte(text[end])) {
            ++end;
        }
        if (end == begin || (braces && !text.substr(end).starts_with('}'))) {
            return 0;
        }
        return end + (braces ? 1 : 0);
    }

    const SourceFile& file_;
    std::string_view text_;
    Diagnostics& diagnostics_;
    TextMap values_;
    std::size_t at_ = 0;
    std::size_t total_ = 0;
    bool good_ = true;
};

}  // namespace

std::optional<TextMap> parse_env_file(const SourceFile& file, Diagnostics& diagnostics) {
    return EnvParser(file, diagnostics).run();
}

}  // namespace quern::recipe
