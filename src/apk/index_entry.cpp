// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/field_rules.hpp"
#include "apk/index_scanner.hpp"
#include "quern/index.hpp"
#include "quern/version.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace quern::apk {

namespace {

void append_field(std::string& text, char field, std::string_view value) {
    text += field;
    text += ':';
    // Values from a package are plain already; those that a program filled in must not make lines
    // of their own.
    if (has_control_character(value) || value.find('\t') != std::string_view::npos) {
        text += printable(fold_lines(value));
    } else {
        text += value;
    }
    text += '\n';
}

void append_if_set(std::string& text, char field, std::string_view value) {
    if (!value.empty()) {
        append_field(text, field, value);
    }
}

std::string join_licenses(const std::vector<std::string>& licenses) {
    if (licenses.size() == 1) {
        return licenses.front();
    }
    std::string joined;
    for (const std::string& license : licenses) {
        if (!joined.empty()) {
            joined += " AND ";
        }
        const bool binds_weaker = license.find(" OR ") != std::string::npos;
        joined += binds_weaker ? "(" + license + ")" : license;
    }
    return joined;
}

void append_entry(std::string& text, const IndexEntry& entry) {
    append_field(text, 'C', entry.checksum);
    append_field(text, 'P', entry.name);
    append_field(text, 'V', entry.version);
    append_if_set(text, 'A', entry.architecture);
    append_field(text, 'S', std::to_string(entry.file_size));
    append_field(text, 'I', std::to_string(entry.installed_size));
    append_field(text, 'T', entry.description);
    append_if_set(text, 'U', entry.url);
    append_if_set(text, 'L', entry.license);
    append_if_set(text, 'o', entry.origin);
    append_if_set(text, 'm', entry.maintainer);
    if (entry.build_date && *entry.build_date != 0) {
        append_field(text, 't', std::to_string(*entry.build_date));
    }
    append_if_set(text, 'c', entry.commit);
    append_if_set(text, 'D', join(entry.depends, " "));
    append_if_set(text, 'i', join(entry.install_if, " "));
    append_if_set(text, 'p', join(entry.provides, " "));
    if (entry.provider_priority != 0) {
        append_field(text, 'k', std::to_string(entry.provider_priority));
    }
}

/// Name and version in one text; neither can hold a line break.
std::string merge_key(const IndexEntry& entry) {
    return entry.name + '\n' + entry.version;
}

}  // namespace

std::string IndexEntry::file_name() const {
    return name + "-" + version + ".apk";
}

std::string IndexEntry::to_string() const {
    std::string text;
    append_entry(text, *this);
    return text;
}

IndexEntry make_index_entry(
    const PackageInfo& info, std::string checksum, std::uint64_t file_size
) {
    IndexEntry entry;
    entry.checksum = std::move(checksum);
    entry.name = info.name;
    entry.version = info.version;
    entry.architecture = info.architecture;
    entry.file_size = file_size;
    entry.installed_size = info.installed_size;
    entry.description = info.description;
    entry.url = info.url;
    entry.license = join_licenses(info.licenses);
    entry.origin = info.origin;
    entry.maintainer = info.maintainer;
    entry.build_date = info.build_date;
    entry.commit = info.commit;
    entry.provider_priority = info.provider_priority.value_or(0);
    entry.depends = info.depends;
    entry.provides = info.provides;
    entry.install_if = info.install_if;
    return entry;
}

Result<Index> Index::parse(std::string_view text, const IndexLimits& limits) {
    constexpr std::size_t usual_record = 400;
    QUERN_CHECK(check_text_size(text, limits));
    Index index;
    index.entries.reserve(std::min<std::size_t>(text.size() / usual_record, limits.entries));
    IndexScanner scanner(text, limits);
    IndexFields record;
    while (true) {
        QUERN_TRY(const bool any, scanner.next(record));
        if (!any) {
            return index;
        }
        index.entries.push_back(record.to_entry());
    }
}

std::string Index::to_string() const {
    constexpr std::size_t usual_record = 512;
    std::string text;
    text.reserve(entries.size() * usual_record);
    for (const IndexEntry& entry : entries) {
        append_entry(text, entry);
        text += '\n';
    }
    return text;
}

void Index::merge(IndexEntry entry) {
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const IndexEntry& each) {
        return each.name == entry.name && each.version == entry.version;
    });
    if (same == entries.end()) {
        entries.push_back(std::move(entry));
    } else {
        *same = std::move(entry);
    }
}

void Index::merge(std::vector<IndexEntry> additions) {
    std::unordered_map<std::string, std::size_t> places;
    places.reserve(entries.size() + additions.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        places.emplace(merge_key(entries[i]), i);
    }
    for (IndexEntry& addition : additions) {
        const auto [place, is_new] = places.emplace(merge_key(addition), entries.size());
        if (is_new) {
            entries.push_back(std::move(addition));
        } else {
            entries[place->second] = std::move(addition);
        }
    }
}

void Index::sort() {
    std::stable_sort(entries.begin(), entries.end(), [](const IndexEntry& a, const IndexEntry& b) {
        if (const int names = a.name.compare(b.name); names != 0) {
            return names < 0;
        }
        const auto versions = compare_versions(a.version, b.version);
        return versions != 0 ? versions < 0 : a.version < b.version;
    });
}

}  // namespace quern::apk
