// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// One pass over the text, a line at a time, without a copy of any line: an index of 10,000 packages
// is read at every start. A field letter leads through a switch to the member that it fills;
// everything from outside is judged here (apk-format 2, image-and-resolver 3.5).
#include "apk/index_scanner.hpp"

#include "apk/field_rules.hpp"
#include "quern/dependency.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

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

std::uint64_t field_bit(char field) {
    const int place = field >= 'a' ? field - 'a' + 26 : field - 'A';
    return std::uint64_t{1} << static_cast<unsigned>(place);
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What a package may be called, also with a '_' in front, which no recipe may have and some
/// indexes do.
bool is_indexed_name(std::string_view name) {
    name.remove_prefix(name.starts_with('_') ? 1 : 0);
    return is_package_name(name);
}

std::uint64_t count_words(std::string_view text) {
    std::uint64_t words = 0;
    char before = ' ';
    for (const char c : text) {
        words += static_cast<std::uint64_t>((c != ' ') & (before == ' '));
        before = c;
    }
    return words;
}

}  // namespace

IndexEntry IndexFields::to_entry() const {
    IndexEntry entry;
    entry.checksum = parse_checksum(checksum).value_or("");
    entry.name = name;
    entry.version = version;
    entry.architecture = architecture;
    entry.file_size = file_size;
    entry.installed_size = installed_size;
    entry.description = description;
    entry.url = url;
    entry.license = license;
    entry.origin = origin;
    entry.maintainer = maintainer;
    if (has_build_date) {
        entry.build_date = build_date;
    }
    entry.commit = commit;
    entry.provider_priority = provider_priority;
    entry.depends = split_relations(depends);
    entry.provides = split_relations(provides);
    entry.install_if = split_relations(install_if);
    return entry;
}

Result<void> check_text_size(std::string_view text, const IndexLimits& limits) {
    if (text.size() > limits.text_bytes) {
        return Error(
                   ErrorCode::limit,
                   fmt::format("APKINDEX has more than {} bytes", limits.text_bytes)
        )
            .help("raise the limit with --max-index-text-bytes");
    }
    return {};
}

IndexScanner::IndexScanner(std::string_view text, const IndexLimits& limits)
    : text_(text), limits_(limits), is_suspicious_(needs_scrutiny(text)) {}

Error IndexScanner::invalid(std::string_view problem) const {
    return {ErrorCode::invalid_data, fmt::format("APKINDEX line {}: {}", line_number_, problem)};
}

Error IndexScanner::over_limit(std::string_view what, std::uint64_t limit, std::string_view flag)
    const {
    return Error(
               ErrorCode::limit,
               fmt::format("APKINDEX line {}: more than {} {}", line_number_, limit, what)
    )
        .help(fmt::format("raise the limit with {}", flag));
}

Result<bool> IndexScanner::next(IndexFields& record) {
    record = IndexFields();
    fields_ = 0;
    const char* first = nullptr;
    while (!text_.empty()) {
        ++line_number_;
        const std::size_t length = std::min(text_.find('\n'), text_.size());
        if (length > limits_.line_bytes) {
            return over_limit("bytes in a line", limits_.line_bytes, "--max-index-line-bytes");
        }
        longest_line_ = std::max<std::uint64_t>(longest_line_, length);
        std::string_view line = text_.substr(0, length);
        text_.remove_prefix(std::min(length + 1, text_.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (!line.empty()) {
            QUERN_CHECK(take_line(line, record));
            first = first == nullptr ? line.data() : first;
            record.record = {first, static_cast<std::size_t>(line.data() + line.size() - first)};
        } else if (fields_ != 0) {
            QUERN_CHECK(end_record(record));
            return true;
        }
    }
    if (fields_ == 0) {
        return false;
    }
    ++line_number_;
    QUERN_CHECK(end_record(record));
    return true;
}

Result<void> IndexScanner::take_line(std::string_view line, IndexFields& record) {
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
    return take_field(line[0], line.substr(2), record);
}

Result<void> IndexScanner::take_field(char field, std::string_view value, IndexFields& record) {
    switch (field) {
        case 'C':
            return take_checksum(value, record);
        case 'P':
            record.name = value;
            break;
        case 'V':
            record.version = value;
            break;
        case 'A':
            record.architecture = value;
            break;
        case 'T':
            record.description = value;
            break;
        case 'U':
            record.url = value;
            break;
        case 'L':
            record.license = value;
            break;
        case 'o':
            record.origin = value;
            break;
        case 'm':
            record.maintainer = value;
            break;
        case 'c':
            record.commit = value;
            break;
        case 'S':
            return take_number(field, value, record.file_size);
        case 'I':
            return take_number(field, value, record.installed_size);
        case 'k':
            return take_number(field, value, record.provider_priority);
        case 'D':
            return take_relations(value, record.depends);
        case 'p':
            return take_relations(value, record.provides);
        case 'i':
            return take_relations(value, record.install_if);
        case 't': {
            std::uint64_t seconds = 0;
            QUERN_CHECK(take_number(field, value, seconds));
            record.build_date = static_cast<std::int64_t>(seconds);
            record.has_build_date = true;
            break;
        }
        default:
            break;
    }
    return {};
}

Result<void> IndexScanner::take_checksum(std::string_view value, IndexFields& record) const {
    if (!is_checksum(value)) {
        return invalid(fmt::format("C: '{}' is not a checksum", printable(value.substr(0, 60))));
    }
    record.checksum = value;
    return {};
}

Result<void> IndexScanner::take_relations(std::string_view value, std::string_view& target) {
    target = value;
    relations_ += count_words(value);
    if (relations_ > limits_.relations) {
        return over_limit("relations", limits_.relations, "--max-index-relations");
    }
    return {};
}

Result<void> IndexScanner::take_number(char field, std::string_view value, std::uint64_t& target)
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

Result<void> IndexScanner::end_record(const IndexFields& record) {
    if (!is_indexed_name(record.name)) {
        return invalid(
            record.name.empty()
                ? std::string("the record before has no name (P:)")
                : fmt::format("the record before has the name '{}'", printable(record.name))
        );
    }
    if (!is_path_safe_version(record.version)) {
        return invalid(
            fmt::format("package '{}' has the version '{}'", record.name, printable(record.version))
        );
    }
    if (!record.architecture.empty() && !is_architecture_name(record.architecture)) {
        return invalid(fmt::format(
            "package '{}' has the architecture '{}'", record.name, printable(record.architecture)
        ));
    }
    if (records_++ >= limits_.entries) {
        return over_limit("packages", limits_.entries, "--max-index-entries");
    }
    return {};
}

}  // namespace quern::apk
