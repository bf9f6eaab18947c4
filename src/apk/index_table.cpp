// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/index_table.hpp"

#include "apk/field_rules.hpp"
#include "apk/index_scanner.hpp"
#include "apk/index_table_storage.hpp"
#include "apk/name_table.hpp"
#include "quern/dependency.hpp"

#include <algorithm>
#include <iterator>

namespace quern::apk {

namespace {

bool is_sign(char c) {
    return c == '=' || c == '<' || c == '>' || c == '~';
}

/// "-r" and digits at the end.
bool has_revision(std::string_view version) {
    const std::size_t digits = version.find_last_not_of("0123456789");
    return digits != std::string_view::npos && digits + 1 < version.size() && digits >= 1 &&
           version.substr(digits - 1, 2) == "-r";
}

}  // namespace

RelationParts RelationParts::split(std::string_view text) {
    RelationParts parts;
    if (text.starts_with('!')) {
        parts.is_conflict = true;
        text.remove_prefix(1);
    }
    const auto* const sign = std::find_if(text.begin(), text.end(), is_sign);
    const auto* const version = std::find_if_not(sign, text.end(), is_sign);
    parts.name = {text.begin(), sign};
    parts.sign = {sign, version};
    parts.version = {version, text.end()};
    return parts;
}

unsigned RelationParts::match() const {
    // Source: image-and-resolver 3.7.
    using D = Dependency;
    unsigned bits = 0;
    for (const char c : sign) {
        bits |= c == '='   ? D::equal
                : c == '<' ? D::less
                : c == '>' ? D::greater
                           : D::fuzzy | D::equal;
    }
    const bool is_known = sign.size() == 1 ||
                          (sign.size() == 2 && sign[0] != sign[1] && sign != "><" && sign != "<>");
    return is_known ? bits : unsigned{D::any};
}

bool RelationParts::is_bare_soname() const {
    using D = Dependency;
    if (!name.starts_with("so:") || version.empty() || is_identity()) {
        return false;
    }
    const unsigned bits = match();
    return bits != D::any && (bits & (D::equal | D::fuzzy)) == D::equal && !has_revision(version);
}

std::vector<std::string_view> split_relation_words(std::string_view text) {
    std::vector<std::string_view> words;
    for_each_word(text, [&words](std::string_view word) { words.push_back(word); });
    return words;
}

IndexTable::IndexTable() : storage_(std::make_shared<const Storage>()) {}

std::size_t IndexTable::size() const {
    return storage_->packages.size();
}

IndexRow IndexTable::row(std::size_t package) const {
    const PackageRecord& record = storage_->packages[package];
    IndexRow row;
    row.name = storage_->view(storage_->names[record.name].text);
    row.version = storage_->view(record.version);
    row.origin = storage_->view(record.origin);
    row.depends = storage_->view(record.depends);
    row.install_if = storage_->view(record.install_if);
    row.provider_priority = record.provider_priority;
    return row;
}

std::uint32_t IndexTable::name_number(std::size_t package) const {
    return storage_->packages[package].name;
}

std::string_view IndexTable::version(std::size_t package) const {
    return storage_->view(storage_->packages[package].version);
}

std::pair<std::size_t, std::size_t> IndexTable::provided_range(std::size_t package) const {
    return {storage_->first_provided(package), storage_->packages[package].end_provided};
}

IndexEntry IndexTable::entry(std::size_t package) const {
    // What was read once is within all limits.
    constexpr IndexLimits no_limits{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    IndexScanner scanner(storage_->view(storage_->packages[package].record), no_limits);
    IndexFields fields;
    const auto any = scanner.next(fields);
    QUERN_ASSERT(any && *any);
    return fields.to_entry();
}

Index IndexTable::to_index() const {
    Index index;
    index.entries.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) {
        index.entries.push_back(entry(i));
    }
    return index;
}

std::size_t IndexTable::name_count() const {
    return storage_->names.size();
}

IndexTable::Name IndexTable::name(std::size_t number) const {
    const NameRecord& record = storage_->names[number];
    return {storage_->view(record.text), record.hash};
}

std::optional<std::uint32_t> IndexTable::find_name(std::string_view text, std::uint32_t hash)
    const {
    const auto slots = storage_->slots;
    for (std::size_t tried = 0; tried < slots.size(); ++tried) {
        const std::uint32_t number = slots[(hash + tried) & (slots.size() - 1)];
        if (number == no_id) {
            break;
        }
        const NameRecord& record = storage_->names[number];
        if (record.hash == hash && storage_->view(record.text) == text) {
            return number;
        }
    }
    return std::nullopt;
}

std::span<const std::uint32_t> IndexTable::candidates(std::size_t name_number) const {
    const auto first = storage_->first_candidate[name_number];
    return storage_->candidates.subspan(first, storage_->first_candidate[name_number + 1] - first);
}

std::size_t IndexTable::provided_count() const {
    return storage_->provided.size();
}

IndexTable::Provided IndexTable::provided(std::size_t number) const {
    const ProvidedRecord& record = storage_->provided[number];
    return {record.name, storage_->view(record.version)};
}

}  // namespace quern::apk
