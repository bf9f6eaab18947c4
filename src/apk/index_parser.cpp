// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// One pass over the text, a line at a time, without a copy of any line: an index of 10,000 packages
// is read at every start. A field letter leads through a switch to the member that it fills;
// everything from outside is judged here (apk-format 2, image-and-resolver 3.5).
#include "apk/field_rules.hpp"
#include "quern/dependency.hpp"
#include "quern/index.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::apk {

namespace {

/// True if a line may hold a control character. One look at the whole text, many bytes at a time,
/// spares that for each line.
bool needs_scrutiny(std::string_view text) {
    unsigned char found = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        found |= static_cast<unsigned char>((byte < 0x20U) & (byte != '\n') & (byte != '\t'));
        found |= static_cast<unsigned char>(byte == 0x7fU);
    }
    return found != 0;
}

class IndexParser {
 public:
    IndexParser(std::string_view text, const IndexLimits& limits)
        : text_(text), limits_(limits), is_suspicious_(needs_scrutiny(text)) {}

    Result<std::vector<IndexEntry>> parse();

 private:
    Result<void> take_line(std::string_view line);
    Result<void> take_field(char field, std::string_view value);
    Result<void> take_checksum(std::string_view value);
    Result<void> take_relations(std::vector<std::string>& target, std::string_view value);
    Result<void> take_number(char field, std::string_view value, std::uint64_t& target) const;
    Result<void> end_record();

    Error invalid(std::string_view problem) const {
        return {
            ErrorCode::invalid_data, fmt::format("APKINDEX line {}: {}", line_number_, problem)};
    }
    Error over_limit(std::string_view what, std::uint64_t limit, std::string_view flag) const {
        return Error(
                   ErrorCode::limit,
                   fmt::format("APKINDEX line {}: more than {} {}", line_number_, limit, what)
        )
            .help(fmt::format("raise the limit with {}", flag));
    }

    std::string_view text_;
    const IndexLimits& limits_;
    std::vector<IndexEntry> entries_;
    IndexEntry entry_;
    std::uint64_t fields_ = 0;  ///< set of the letters seen in this record
    std::uint64_t relations_ = 0;
    std::uint64_t line_number_ = 0;
    bool is_suspicious_;  ///< a control character stands somewhere in the text
};

std::uint64_t field_bit(char field) {
    const int place = field >= 'a' ? field - 'a' + 26 : field - 'A';
    return std::uint64_t{1} << static_cast<unsigned>(place);
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Result<std::vector<IndexEntry>> IndexParser::parse() {
    constexpr std::size_t usual_record = 400;
    entries_.reserve(std::min<std::size_t>(text_.size() / usual_record, limits_.entries));
    while (!text_.empty()) {
        ++line_number_;
        const std::size_t length = std::min(text_.find('\n'), text_.size());
        if (length > limits_.line_bytes) {
            return over_limit("bytes in a line", limits_.line_bytes, "--max-index-line-bytes");
        }
        std::string_view line = text_.substr(0, length);
        text_.remove_prefix(std::min(length + 1, text_.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty()) {
            QUERN_CHECK(end_record());
        } else {
            QUERN_CHECK(take_line(line));
        }
    }
    ++line_number_;
    QUERN_CHECK(end_record());
    return std::move(entries_);
}

Result<void> IndexParser::take_line(std::string_view line) {
    constexpr std::size_t shown = 60;
    if (line.size() < 2 || line[1] != ':' || !is_letter(line[0])) {
        return invalid(fmt::format(
            "'{}' is not a letter, a colon and a value", printable(line.substr(0, shown))
        ));
    }
    if (is_suspicious_ && has_control_character(line)) {
        return invalid(fmt::format("a control character in '{}'", printable(line.substr(0, shown)))
        );
    }
    if ((fields_ & field_bit(line[0])) != 0) {
        return invalid(fmt::format("{}: stands twice in one record", line[0]));
    }
    fields_ |= field_bit(line[0]);
    return take_field(line[0], line.substr(2));
}

Result<void> IndexParser::take_field(char field, std::string_view value) {
    switch (field) {
        case 'C':
            return take_checksum(value);
        case 'P':
            entry_.name = value;
            break;
        case 'V':
            entry_.version = value;
            break;
        case 'A':
            entry_.architecture = value;
            break;
        case 'T':
            entry_.description = value;
            break;
        case 'U':
            entry_.url = value;
            break;
        case 'L':
            entry_.license = value;
            break;
        case 'o':
            entry_.origin = value;
            break;
        case 'm':
            entry_.maintainer = value;
            break;
        case 'c':
            entry_.commit = value;
            break;
        case 'S':
            return take_number(field, value, entry_.file_size);
        case 'I':
            return take_number(field, value, entry_.installed_size);
        case 'k':
            return take_number(field, value, entry_.provider_priority);
        case 'D':
            return take_relations(entry_.depends, value);
        case 'p':
            return take_relations(entry_.provides, value);
        case 'i':
            return take_relations(entry_.install_if, value);
        case 't': {
            std::uint64_t seconds = 0;
            QUERN_CHECK(take_number(field, value, seconds));
            entry_.build_date = static_cast<std::int64_t>(seconds);
            break;
        }
        default:
            break;
    }
    return {};
}

Result<void> IndexParser::take_checksum(std::string_view value) {
    auto checksum = parse_checksum(value);
    if (!checksum) {
        return invalid(fmt::format("C: '{}' is not a checksum", printable(value.substr(0, 60))));
    }
    entry_.checksum = std::move(*checksum);
    return {};
}

Result<void> IndexParser::take_relations(std::vector<std::string>& target, std::string_view value) {
    target = split_relations(value);
    relations_ += target.size();
    if (relations_ > limits_.relations) {
        return over_limit("relations", limits_.relations, "--max-index-relations");
    }
    return {};
}

Result<void> IndexParser::take_number(char field, std::string_view value, std::uint64_t& target)
    const {
    if (value.empty()) {
        return {};
    }
    const auto number = parse_unsigned(value);
    if (!number || *number > static_cast<std::uint64_t>(INT64_MAX)) {
        return invalid(
            fmt::format("{}: '{}' is not a whole number", field, printable(value.substr(0, 60)))
        );
    }
    target = *number;
    return {};
}

/// What a package may be called, also with a '_' in front, which no recipe may have and some
/// indexes do.
bool is_indexed_name(std::string_view name) {
    name.remove_prefix(name.starts_with('_') ? 1 : 0);
    return is_package_name(name);
}

Result<void> IndexParser::end_record() {
    if (fields_ == 0) {
        return {};
    }
    if (!is_indexed_name(entry_.name)) {
        return invalid(
            entry_.name.empty()
                ? std::string("the record before has no name (P:)")
                : fmt::format("the record before has the name '{}'", printable(entry_.name))
        );
    }
    if (!is_path_safe_version(entry_.version)) {
        return invalid(
            fmt::format("package '{}' has the version '{}'", entry_.name, printable(entry_.version))
        );
    }
    if (!entry_.architecture.empty() && !is_architecture_name(entry_.architecture)) {
        return invalid(fmt::format(
            "package '{}' has the architecture '{}'", entry_.name, printable(entry_.architecture)
        ));
    }
    if (entries_.size() >= limits_.entries) {
        return over_limit("packages", limits_.entries, "--max-index-entries");
    }
    entries_.push_back(std::move(entry_));
    entry_ = IndexEntry();
    fields_ = 0;
    return {};
}

}  // namespace

Result<Index> Index::parse(std::string_view text, const IndexLimits& limits) {
    if (text.size() > limits.text_bytes) {
        return Error(
                   ErrorCode::limit,
                   fmt::format("APKINDEX has more than {} bytes", limits.text_bytes)
        )
            .help("raise the limit with --max-index-text-bytes");
    }
    Index index;
    QUERN_TRY(index.entries, IndexParser(text, limits).parse());
    return index;
}

}  // namespace quern::apk
